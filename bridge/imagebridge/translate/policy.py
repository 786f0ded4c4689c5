"""Policy: the choices of a translation."""

from dataclasses import dataclass

from .picture import Proof
from .vision import Detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How results are translated. Frozen; every field has a default that is right for any vision model.

    model: the model that will look, such as "gpt-5.4-mini". None: 2048 pixels and 2,500 patches,
        which every vision model takes.
    detail: "low", "high", "auto" or "original" for every picture. None: what the block's `_meta`
        asks under "imagebridge/detail" or "codex/imageDetail", else "high".
    proof: "structure" or "decoded" (see `imagebridge.translate.picture`). None: structure when
        called plainly, decoded in `Bridge`.
    """

    model: str | None = None
    detail: Detail | None = None
    proof: Proof | None = None

    def __post_init__(self) -> None:
        _one_of("detail", self.detail, "low", "high", "auto", "original")
        _one_of("proof", self.proof, "structure", "decoded")


def _one_of(name: str, value: object, *allowed: str) -> None:
    if value is not None and value not in allowed:
        raise ValueError(f"Policy({name}={value!r}): it is None or one of {', '.join(map(repr, allowed))}")
