"""A picture as the model was shown it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pybase64

from imagebridge.errors import counted
from imagebridge.rules.body import Body, PictureUrl
from imagebridge.rules.verdict import judge, opened_as
from imagebridge.translate import vision
from imagebridge.translate.policy import Api

if TYPE_CHECKING:
    from PIL import Image

# Names that a person would use, spread over the cube; the nearest one names a pixel.
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
    "red": (220, 30, 30),
    "orange": (255, 150, 30),
    "yellow": (250, 230, 40),
    "green": (40, 150, 60),
    "cyan": (60, 210, 220),
    "blue": (50, 90, 210),
    "navy": (0, 0, 128),
    "purple": (130, 50, 170),
    "pink": (250, 150, 190),
    "brown": (120, 75, 40),
}


@dataclass(frozen=True)
class SeenPicture:
    """A picture that a request showed to the model, decoded. Sizes are pixels.

    `size` is the size as sent; `seen_size` what is left after the model's own downscaling.
    """

    path: str
    """Its position in the request, such as `input[3].output[1].image_url`."""
    call_id: str | None
    """The call that it answers; None in a message."""
    media_type: str
    """According to its bytes, such as `image/png`."""
    bytes: bytes
    size: tuple[int, int]
    detail: str | None
    """As written in the request; None if it was omitted."""
    seen_size: tuple[int, int]
    patches: int
    """Patches of 32 pixels, or tiles of 512 for the models that count those."""
    tokens: int

    @property
    def format(self) -> str:
        """Its format as Pillow calls it, such as `PNG`."""
        return self.media_type.removeprefix("image/").upper()

    @cached_property
    def image(self) -> "Image.Image":
        """The pixels, loaded, as a PIL image."""
        image = opened_as(self.bytes, self.media_type)
        image.load()
        return image

    @cached_property
    def colours(self) -> tuple[str, ...]:
        """Up to three main colours, most frequent first, each covering at least a tenth of the picture.

        Transparent pixels count as white, which a model sees behind them.
        """
        from PIL import Image

        small = self.image.convert("RGBA")
        small.thumbnail((96, 96), Image.Resampling.NEAREST)
        ground = Image.new("RGBA", small.size, "white")
        flat = Image.alpha_composite(ground, small).convert("RGB")
        palette = Image.new("P", (1, 1))
        palette.putpalette([value for colour in COLOURS.values() for value in colour])
        named = flat.quantize(palette=palette, dither=Image.Dither.NONE)
        counts = cast("list[tuple[int, int]]", named.getcolors(256) or [])
        names = list(COLOURS)
        least = flat.width * flat.height / 10
        return tuple(names[index] for count, index in sorted(counts, reverse=True) if count >= least)[:3]

    def describe(self) -> str:
        """Return one sentence: what was shown, in which colours, and what it costs."""
        width, height = self.size
        shrunk = "" if self.seen_size == self.size else f", seen as {self.seen_size[0]}x{self.seen_size[1]}"
        colours = " and ".join(self.colours) or "many colours"
        return (
            f"a {self.format} of {width}x{height} pixels{shrunk}, mainly {colours}, "
            f"detail {self.detail or 'not given'}, "
            f"{counted(self.patches, 'patch', 'patches')}, {counted(self.tokens, 'token')}"
        )


def pictures(body: Mapping[str, Any], api: Api = "responses") -> list[SeenPicture]:
    """Return the pictures in one request body that are given as data URLs and are intact, in order.

    Args:
        body: the request body, as JSON.
        api: "responses", or "chat" for a body of Chat Completions.
    """
    read = Body(body, api)
    return [
        picture for picture_urls in read.pictures if (picture := _seen(picture_urls, read.model)) is not None
    ]


def _seen(picture_url: PictureUrl, model: str | None) -> SeenPicture | None:
    verdict = judge(picture_url.url)
    if not verdict.width:
        return None
    detail = picture_url.detail if picture_url.detail in ("low", "high", "original") else "auto"
    view = vision.seen(verdict.width, verdict.height, model, detail)
    return SeenPicture(
        picture_url.path,
        picture_url.call_id,
        verdict.media_type,
        pybase64.b64decode(picture_url.url.partition(",")[2]),
        (verdict.width, verdict.height),
        picture_url.detail,
        (view.width, view.height),
        view.units,
        view.tokens,
    )
