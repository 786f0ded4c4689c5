"""Judges by a parameter's name and description whether it is a picture, and in which form.

Based on the definitions of MCP servers that accept pictures, 2026-11: many declare only `type: string`.
"""

import re
from typing import Literal

PictureForm = Literal["data_url", "base64", "path"]
"""The form in which a tool accepts a picture: a `data:` URL, bare base64, or the path of a file."""

FORMS: tuple[PictureForm, ...] = ("data_url", "base64", "path")

NameHint = Literal["picture", "carrier", ""]
"""What a name suggests about its value: that it is a picture, that it could contain one, or neither."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PICTURES = _set(
    "image images img imgs picture pictures pic pics photo photos photograph photographs screenshot screenshots "
    "bitmap bitmaps png jpeg jpg webp"
)
_FILES = _set(
    "url urls uri uris path paths file files filename filepath data encoded bytes blob blobs source sources src "
    "href link attachment attachments mask masks markup frame frames thumbnail avatar logo icon sketch drawing media "
    "before after first second original reference baseline expected actual"
)
"""Words for things that may be pictures or something else."""
_BEHIND = _FILES | _set("input inputs content contents string str list array")
"""Words that do not change the meaning of a preceding word for a picture: `image_content` is a picture, `image_width`
is not."""
_OTHERS = _set(
    "pdf pdfs page pages webpage webpages website websites site document documents doc docs docx pptx slides "
    "presentation video videos html markdown folder directory"
)
"""Words for containers or sources of pictures."""
_FROM_THEM = _set("frame frames thumbnail")
"""Words for pictures extracted from such sources: `video_thumbnail` is a picture."""
_WRITTEN = _set("output outputs out save saved dest destination export result")
_MAKING = _set(
    "take capture create generate make draw render save export write download fetch get search find list extract scrape"
)
_MACHINES = _set("docker container containers podman kubectl kubernetes pod vm vms ami")
_FORM_OF: dict[str, PictureForm] = {
    **dict.fromkeys(("path", "paths", "filepath"), "path"),
    **dict.fromkeys(("url", "urls", "uri", "uris"), "data_url"),
    **dict.fromkeys(("encoded", "bytes", "blob", "blobs"), "base64"),
}
_FORM_OF_LAST: dict[str, PictureForm] = {
    "file": "path",
    "files": "path",
    "filename": "path",
    "data": "base64",
}
"""Words that a description can override: `file` may be described as base64."""

_ENCODED = re.compile(r"base[-_ ]?64|b64", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_JOINED = re.compile("|".join(sorted(_PICTURES | _BEHIND, key=len, reverse=True)))

_OF_PICTURES = re.compile(r"\b(?:images?|pictures?|photos?|photographs?)\b", re.IGNORECASE)
_PICTURE = r"(?:images?|pictures?|photos?|photographs?|png|jpe?g|webp)\b"
_OTHER = (
    r"\b(?:pdfs?|(?:web ?)?pages?|(?:web ?)?sites?|documents?|docx|pptx|slides?|presentations?|videos?|html"
    r"|markdown|folders?|director(?:y|ies))\b"
)
_OF_OTHERS = re.compile(_OTHER, re.IGNORECASE)
# "a PDF or a document from which images are extracted" still means a page.
_WITHIN = r"(?:from|which|whose|where|that|with|contain(?:s|ing)|holding|having)"
# "PDF page images", "the page's image", "a PDF, an image or a link to one"
_EITHER = re.compile(
    rf"{_OTHER}(?:'s)?\s+{_PICTURE}|{_OTHER}[^.;]{{0,20}}?(?:,|/|\bor\b)\s*(?:(?!{_WITHIN}\b)\w+\s+){{0,3}}{_PICTURE}",
    re.IGNORECASE,
)
# "to be rendered as a PNG image", "whose embedded images are extracted", "to extract all images from"
_MADE = re.compile(
    r"\b(?:convert|render|turn|export|transform|draw|rasteri[sz]e)\w*\s+(?:\w+\s+){0,3}?(?:to|into|as)\s+(?:\w+\s+){0,2}"
    rf"{_PICTURE}|\b(?:extract|fetch|captur|generat|scrap|creat|mak)\w*\s+(?:\w+\s+){{0,2}}?{_PICTURE}",
    re.IGNORECASE,
)
_OF_MACHINES = re.compile(
    r"\b(?:docker|containers?|oci|kubernetes|disk|virtual machine|iso|ami)\b", re.IGNORECASE
)
_OF_NAMES = re.compile(r"\b(?:identifiers?|ids?|uuid|tags?)\b", re.IGNORECASE)
_OF_WRITING = re.compile(r"\b(?:sav(?:e|es|ed|ing)|writ(?:e|es|ten|ing)|output|destination)\b", re.IGNORECASE)
_DATA_URL = re.compile(r"\bdata:|\bdata[- ]?ur[il]", re.IGNORECASE)
_PATH = re.compile(r"\bpaths?\b|\bfile ?names?\b|\blocal file", re.IGNORECASE)
_URL = re.compile(r"\bur[il]s?\b", re.IGNORECASE)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name: image_url, imageUrl and imageurl are the same. `base64` becomes `encoded`."""
    words: list[str] = []
    for word in _WORD.findall(_ENCODED.sub(" encoded ", name)):
        joined = _JOINED.findall(word.lower())
        words += joined if "".join(joined) == word.lower() else [word.lower()]
    return tuple(words)


def sort_of(words: tuple[str, ...]) -> NameHint:
    """Return what a name suggests about its value."""
    if words in (("a",), ("b",)):  # of two that are compared
        return "carrier"
    plain = [word for word in words if not word.isdigit() and len(word) > 1]
    if not plain or set(plain) & _WRITTEN:
        return ""
    last = max((at for at, word in enumerate(plain) if word in _PICTURES), default=None)
    if last is not None:
        return "picture" if set(plain[last + 1 :]) <= _BEHIND else ""
    if plain[-1] not in _FILES or (set(plain) & _OTHERS and plain[-1] not in _FROM_THEM):
        return ""
    return "carrier"


def is_about_pictures(tool: str) -> bool:
    """Return whether a tool's name says that it accepts a picture, like `describe_image`, not `take_screenshot`."""
    words = set(_words_of_input(words_of(tool)))
    return bool(words & _PICTURES - {"screenshot", "screenshots"}) and not words & (_MAKING | _OTHERS)


def _words_of_input(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words for the input in a tool's name: `pdf` in pdf_to_image, `image` in extract_text_from_image."""
    for at, word in enumerate(words):
        if word == "from":
            return words[at + 1 :]
        if word in ("to", "into", "2") and at:
            return words[:at]
    return words


def is_about_machines(tool: str) -> bool:
    """Return whether a tool's name says that its images are of containers or machines: `run_container` does."""
    return bool(set(words_of(tool)) & _MACHINES)


def speaks_of_pictures(description: str) -> bool:
    """Return whether a description mentions pictures other than those that the tool creates."""
    return _OF_PICTURES.search(_MADE.sub(" ", description)) is not None


def means_otherwise(words: tuple[str, ...], description: str) -> bool:
    """Return whether a description excludes pictures: a container image, a picture's id, a page, a file to write."""
    if _OF_MACHINES.search(description):
        return True
    if _OF_NAMES.search(description) and not any(one.search(description) for one in (_ENCODED, _PATH, _URL)):
        return True
    if not set(words) & _FILES:
        return False
    return _OF_WRITING.search(description) is not None or (
        not set(words) & _PICTURES and _is_of_others(description)
    )


def _is_of_others(description: str) -> bool:
    """Return whether a description is about a page, a document or the like, and mentions no picture before that."""
    description = _MADE.sub(" ", description)
    other, picture = _OF_OTHERS.search(description), _OF_PICTURES.search(description)
    if other is None or _EITHER.search(description):
        return False
    return picture is None or other.start() < picture.start()


def form_of(words: tuple[str, ...], description: str) -> PictureForm:
    """Return the form that the name or description suggests; otherwise a `data:` URL, which states its own type."""
    if _DATA_URL.search(description):
        return "data_url"
    for word in reversed(words):
        if word in _FORM_OF:
            return _FORM_OF[word]
    if _ENCODED.search(description):
        return "base64"
    if _PATH.search(description):
        return "path"
    last = next((word for word in reversed(words) if word in _FORM_OF_LAST), None)
    return _FORM_OF_LAST[last] if last and not _URL.search(description) else "data_url"
