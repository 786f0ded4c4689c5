"""The sentences that tell the model what cannot be shown, or was changed in order to be shown."""

from urllib.parse import urlsplit

from imagebridge.errors import PictureError, beginning, counted
from imagebridge.pictures.kinds import kind

UNREADABLE = "text may be too small to read; ask for a part of it"

NOTHING = "[The tool finished and returned nothing.]"
NO_REASON = "[The tool gave no reason.]"
ERROR = "Tool error:"

_ADDRESS = 200
"""The maximum number of characters of a URI or label that are repeated: a `data:` URI may be as long as its picture."""


def amount(size: int) -> str:
    """Return a number of bytes in readable form: "812 bytes", "48 kB", "1.4 MB"."""
    if size < 1_000:
        return counted(size, "byte")
    if size < 999_500:
        return f"{round(size / 1_000)} kB"
    return f"{size / 1_000_000:.1f} MB"


def location(url: str) -> str:
    """Return an address without parts that may be secret: a password, a query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # It is not one, but begins like one.
        return url.partition("?")[0].rpartition("@")[2]
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}".rstrip("/")


def not_shown(what: str, why: str) -> str:
    """State that one block is not shown, what it was, and why."""
    return f"[not shown: {what}; {why}]"


def asking(error: PictureError) -> str:
    """State why a picture is not shown, and what to request instead."""
    return f"{error.reason}; ask for {error.instead}"


def described(label: str, size: int | None, data: bytes = b"", uri: str = "") -> str:
    """Return the detected type of bytes, with the label if it differs."""
    file_type = kind(data)
    name = file_type.media_type if file_type else label or "data of an unknown type"
    facts = [name + (f" labelled {label}" if file_type and label and label != name else "")]
    if size is not None:
        facts.append(amount(size))
    if uri:
        facts.append(short(uri))
    return ", ".join(facts)


def cut(text: str, most: int) -> str:
    """Return the first `most` characters of a text, with a note that states how many are left out, if any are."""
    if len(text) <= most:
        return text
    are = "is" if len(text) - most == 1 else "are"
    return f"{text[:most]}\n[cut: {len(text) - most:,} of {len(text):,} characters {are} left out]"


def short(text: str) -> str:
    """Return the beginning of an address or label that may be long."""
    return beginning(text, _ADDRESS)


def link(uri: str, name: str, media_type: str, size: int | None, description: str) -> str:
    """Describe a resource that the server offers but did not send."""
    facts = [f"{short(name)} <{short(uri)}>" if name and name != uri else f"<{short(uri)}>"]
    facts += [media_type] if media_type else []
    facts += [amount(size)] if size is not None else []
    return f"[link: {', '.join(facts)}{': ' + description if description else ''}]"
