"""What takes the parts of a translation, as data: the formats, sizes and files of an API, and what the model that looks sees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from imagebridge.facts.limits import MAX_DATA_URL, MAX_FILE, SENDABLE
from imagebridge.facts.models import Detail, family

from .vision import Seen, known, seen


class PictureView(Protocol):
    """What a model sees of a width and a height in pixels at a detail, and what it costs."""

    def __call__(self, width: int, height: int, model: str | None, detail: Detail) -> Seen:
        """Return it; never larger than the picture."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One API with one model behind it. The defaults are right for every vision model of OpenAI.

    model: the model that will look, None for any. formats: media types of pictures, with PNG or JPEG among them.
    view: what the model sees, and its price. choose: the detail that stands for one that is asked for. assumes: whether
    the sizes of a model are assumed. max_data_url: characters of a picture's `data:` URL. max_file: bytes of a document.
    room: characters of JSON that texts and pictures of a result may take together, None where the policy alone says so.
    flags_errors: the API has a field for the failure of a tool, so that no words need to say it.
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
        """Return the detail at which a picture is shown, as the model and the API know it; `high` where none is wanted."""
        return self.choose(self.model, wanted or "high")


ANY = Receiver()
