"""What the model is told in words where something cannot be shown, or was changed to be shown."""

from urllib.parse import urlsplit

from .kinds import kind
from .vision import Seen

NOTHING = "[The tool finished and returned nothing.]"
NO_REASON = "[The tool gave no reason.]"
ERROR = "Tool error:"

_ADDRESS = 200
"""Characters of a uri or a label that are repeated: a `data:` URI may be as long as its picture."""


def amount(size: int) -> str:
    """Return bytes as a person reads them: "812 bytes", "48 kB", "1.4 MB"."""
    if size < 1_000:
        return f"{size} bytes"
    if size < 999_500:
        return f"{round(size / 1_000)} kB"
    return f"{size / 1_000_000:.1f} MB"


def location(url: str) -> str:
    """Return an address without what may be secret in it: a password, a query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}".rstrip("/")


def not_shown(what: str, why: str) -> str:
    """Say that one block is not shown: what came, and why."""
    return f"[not shown: {what}; {why}]"


def described(label: str, size: int | None, data: bytes = b"", uri: str = "") -> str:
    """Name bytes by what they are; the label is added where it says something else."""
    found = kind(data)
    name = found.media_type if found else label or "data of an unknown type"
    told = [name + (f" labelled {label}" if found and label and label != name else "")]
    if size is not None:
        told.append(amount(size))
    if uri:
        told.append(short(uri))
    return ", ".join(told)


def short(text: str) -> str:
    """Return the beginning of a text that may be long."""
    return text if len(text) <= _ADDRESS else f"{text[:_ADDRESS]}…"


def numbered(first: int, last: int) -> str:
    """Name one picture or several by their numbers."""
    return f"picture {first}" if first == last else f"pictures {first} to {last}"


def handle(number: int) -> str:
    """Name a picture as a tool's argument does."""
    return f"picture:{number}"


def scaled(number: int, seen: Seen, width: int, height: int) -> str:
    """Say by how much picture `number` was shrunk from `width` x `height` pixels, so that coordinates can be mapped back."""
    across, down = round(width / seen.width, 3), round(height / seen.height, 3)
    factor = f"coordinates by {across:g}" if across == down else f"x by {across:g} and y by {down:g}"
    return f"picture {number}: shown {seen.width}x{seen.height} of {width}x{height}; multiply {factor}"


def link(uri: str, name: str, media_type: str, size: int | None, description: str) -> str:
    """Describe a resource that the server offers but did not send."""
    told = [f"{short(name)} <{short(uri)}>" if name and name != uri else f"<{short(uri)}>"]
    told += [media_type] if media_type else []
    told += [amount(size)] if size is not None else []
    return f"[link: {', '.join(told)}{': ' + description if description else ''}]"
