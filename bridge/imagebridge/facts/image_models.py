"""What OpenAI's image models cost: a row a model. Others have no price here: none is guessed from its relatives."""

from typing import NamedTuple


class _ImagePrice(NamedTuple):
    """USD for a million tokens: of text and of pictures that go in, and of pictures that come out."""

    text: float
    pictures: float
    output: float


_PRICES = {
    # The documented default of the Responses tool: models page of OpenAI, 2026-11-29.
    "gpt-image-2.6-sunburst": _ImagePrice(5.00, 8.00, 30.00),
}


def image_cost(model: str, text: int, pictures: int, output: int) -> float | None:
    """Return USD for the tokens of one request, None where the prices of `model` are not known."""
    price = _PRICES.get(model)
    if price is None:
        return None
    return (text * price.text + pictures * price.pictures + output * price.output) / 1_000_000
