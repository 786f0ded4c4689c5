"""The receiver of a translation, as data: the formats, sizes and files that an API accepts, and what the model sees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from imagebridge.facts.limits import MAX_DATA_URL, MAX_FILE, SENDABLE
from imagebridge.facts.models import Detail, family

from .vision import Seen, known, seen


class PictureView(Protocol):
    """Computes what a model sees of a picture of a given size at a given detail, and how many tokens it costs."""

    def __call__(self, width: int, height: int, model: str | None, detail: Detail) -> Seen:
        """Return the view; never larger than the picture."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """An API and the model behind it. The defaults suit every OpenAI model with vision.

    model: the model that will see the pictures; None for any. formats: media types of pictures, including PNG or JPEG.
    view: what the model sees, and its price. choose: the detail to use for a requested one. assumes: whether
    the model's sizes are assumed. max_data_url: characters in a picture's `data:` URL. max_file: bytes in a document.
    room: characters of JSON for the texts and pictures of a result together; None if only the policy limits them.
    flags_errors: whether the API has a field for a tool's failure, so that no words are needed.
    """

    model: str | None = None
    formats: frozenset[str] = SENDABLE
    view: PictureView = seen
    choose: Callable[[str | None, Detail], Detail] = known
    assumes: Callable[[str | None], bool] = lambda model: bool(model) and family(model).assumed
    max_data_url: int = MAX_DATA_URL
    max_file: int = MAX_FILE
    room: int | None = None
    flags_errors: bool = False

    def seen(self, width: int, height: int, detail: Detail) -> Seen:
        """Return what the model sees of a picture of `width` x `height` pixels."""
        return self.view(width, height, self.model, detail)

    def detail(self, wanted: Detail | None) -> Detail:
        """Return the detail at which to show a picture, as the model and the API name it; `high` if none is requested."""
        return self.choose(self.model, wanted or "high")


ANY = Receiver()
