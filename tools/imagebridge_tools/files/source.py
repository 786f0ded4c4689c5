"""opened: reads the picture or other file that an argument of a tool names, the only way in which tools read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from anyio import to_thread

from imagebridge.errors import ArgumentError, PictureError
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes
from imagebridge.translate.picture_lines import KEPT_SCHEME

from . import encodings, folders
from .footprint import not_repeatable
from .store import Store
from .web import Web, name

FILE_SIZE = 64_000_000
"""The maximum size of a file, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places that tools may read and write, chosen by the person who starts them and never by a model.

    `allow` contains the folders whose files may be read, and `allow_write` the folders below which pictures may be
    saved; `store` keeps pictures that tools return, and `web` fetches https addresses. By default, only `data:` URLs
    are allowed.
    """

    allow: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    store: Store | None = None
    web: Web | None = None


NOWHERE = Places()
"""Only `data:` URLs are read."""


class Source(NamedTuple):
    """The bytes of a source, a short `name` for messages, and the `uri` of the file or picture, or an empty text."""

    name: str
    data: bytes
    uri: str = ""


async def opened(source: str, places: Places = NOWHERE, argument: str = "source") -> Source:
    """Read the file or picture that `source` names, up to `FILE_SIZE` bytes.

    It is a path below an allowed folder (absolute, or relative to one), a `file:` URL for such a path, `image://`
    followed by the hash of a kept picture or by at least 8 of its first digits, a `data:` URL, or an `https:` URL if
    that is enabled.

    Raises:
        ArgumentError: the source may not be read, does not exist, or is too large; the error names `argument`.
    """
    text = source.strip()
    scheme = text[:8].lower()
    if scheme[:5] == "data:":
        return await to_thread.run_sync(_inline, text, argument)
    not_repeatable()
    if scheme == "https://":
        if places.web is None:
            raise ArgumentError(
                argument,
                "https: addresses are not allowed here; start the server with --allow-https to allow them",
            )
        data = await places.web.fetched(text, FILE_SIZE, argument)
        return Source(name(text), data, text)
    if scheme == KEPT_SCHEME:
        if places.store is None:
            raise ArgumentError(argument, "this server does not keep pictures; give a path or a data: URL")
        note, data = await to_thread.run_sync(places.store.read, text, argument)
        return Source(note.short, data, note.uri)
    return await to_thread.run_sync(_local_file, text, places, argument)


def characters(source: Source, read: str, argument: str = "source") -> encodings.DecodedText:
    """Decode a file as text in any encoding (see `encodings.decoded`), with lines that end in `\\n`.

    Raises:
        ArgumentError: the file is not text; the error names `argument` and the formats that are `read`.
    """
    file_type = kinds.kind(source.data)
    if file_type is not None and file_type is not kinds.SVG:
        raise ArgumentError(
            argument, f"{source.name} is a file of type {file_type.media_type}; supported are {read}"
        )
    text, guessed = encodings.decoded(source.data)
    if any(sign in text[:10_000] for sign in ("\0", "\x01", "\x02", "\x03")):
        raise ArgumentError(argument, f"{source.name} is in an unknown format; supported are {read}")
    return encodings.DecodedText(text.replace("\r\n", "\n"), guessed)


def _local_file(text: str, places: Places, argument: str) -> Source:
    file = folders.read_file(text, places.allow, FILE_SIZE, argument)
    return Source(file.path.name, file.data, file.path.as_uri())


def _inline(text: str, argument: str) -> Source:
    if len(text) > FILE_SIZE * 4 // 3:
        raise ArgumentError(argument, f"the data: URL has more than {FILE_SIZE:,} bytes")
    try:
        return Source("data: URL", base64_bytes(text)[0])
    except PictureError as error:
        raise ArgumentError(argument, f"the data: URL cannot be read: {error.reason}") from error
