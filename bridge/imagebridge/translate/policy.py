"""Policy: the choices of a translation."""

from dataclasses import dataclass, replace
from typing import Literal

from imagebridge.facts.endpoints import endpoint_kind
from imagebridge.facts.models import Detail, warn_if_misspelt
from imagebridge.pictures.picture import Proof

Api = Literal["responses", "chat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How results are translated. Frozen; the defaults suit any vision model.

    Args:
        model: the model that will see the pictures, such as "gpt-5.4-mini". None: limits of 2048 pixels and
            2,500 patches, which every vision model accepts.
        server: the kind of server at the base URL, such as "lm-studio", or the mode itself: "native",
            "user_message" or "text". None: OpenAI.
        detail: "low", "high", "auto" or "original" for every picture. None: the detail that the block's
            `_meta` requests under "imagebridge/detail" or "codex/imageDetail", else "high".
        api: the API that the model is called through, "responses" or "chat". Chat Completions on compatible
            servers does not accept the detail "original", so "high" replaces it and pictures are fitted to
            that. `chat_messages` and the bridge set this field.
        audience: "lenient" also sends the model content that a server marks as meant for the user; "strict"
            replaces it with a sentence.
        proof: "structure" or "decoded". None: "structure"
            for direct calls, "decoded" in `Bridge`.
        animation: "sheet" shows up to nine frames on one contact sheet, "first" the first frame.
        documents: "file" sends documents for the API to read, "pages" sends their text as Markdown, with
            the pages of a PDF or the figures of other documents as pictures (PDFs and workbooks need the extra
            `documents`). Documents that the API does not read, such as ODT and EPUB, are always sent this way.
        links: "line" describes an http(s) link in words, "pass" hands the address to the API, which then
            downloads it. "fetch" is for bridges that download it themselves; without one it is "line".
        max_pictures: the maximum number of pictures in one result. None: no limit.
        max_tokens: the maximum number of tokens for the pictures in one result. None: no limit.
        max_bytes: the maximum number of bytes in the `data:` URLs of one result, pictures and files together.
        max_text: the maximum number of characters in the text of one result.
        uploads: what `Bridge.run` and `Bridge.stream` upload to the Files API by default: False for nothing, True
            for pictures and files over 100 kB, a number for those over that many bytes.
    """

    model: str | None = None
    server: str | None = None
    detail: Detail | None = None
    api: Api = "responses"
    audience: Literal["lenient", "strict"] = "lenient"
    proof: Proof | None = None
    animation: Literal["sheet", "first"] = "sheet"
    documents: Literal["file", "pages"] = "file"
    links: Literal["line", "fetch", "pass"] = "line"
    max_pictures: int | None = None
    max_bytes: int = 40_000_000
    max_tokens: int | None = None
    max_text: int = 10_000_000
    uploads: bool | int = False

    def __post_init__(self) -> None:
        _one_of("detail", self.detail, None, "low", "high", "auto", "original")
        _one_of("audience", self.audience, "lenient", "strict")
        _one_of("proof", self.proof, None, "structure", "decoded")
        _one_of("animation", self.animation, "sheet", "first")
        _one_of("documents", self.documents, "file", "pages")
        _one_of("links", self.links, "line", "fetch", "pass")
        for name in ("model", "server"):
            if not isinstance(getattr(self, name), (str, type(None))):
                raise TypeError(
                    f"Policy({name}=...) must be a str or None, not {type(getattr(self, name)).__name__}"
                )
        endpoint_kind(self.server)
        if self.model:
            warn_if_misspelt(self.model)
        for name in ("max_pictures", "max_bytes", "max_tokens", "max_text", "uploads"):
            limit = getattr(self, name)
            if limit is not None and limit < 0:
                raise ValueError(f"Policy({name}={limit!r}): a limit must not be negative")

    def for_request(self, model: str | None, api: Api | None) -> "Policy":
        """Return this policy with `api`, if it is specified, and with `model`, if the policy names none itself."""
        return replace(self, model=self.model or model or None, api=api or self.api)


def _one_of(name: str, value: object, *allowed: str | None) -> None:
    if value not in allowed:
        raise ValueError(f"Policy({name}={value!r}): it must be one of {', '.join(map(repr, allowed))}")
