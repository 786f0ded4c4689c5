"""Reads links to pictures and documents on the server, so that the model sees their contents."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import anyio

from imagebridge.errors import ServerError
from imagebridge.pictures import kinds
from imagebridge.translate.sentences import amount
from imagebridge.wire import JSON, is_json, is_list, links, text_of

if TYPE_CHECKING:
    from mcp.types import BlobResourceContents, ReadResourceResult, TextResourceContents

MAX_BYTES = 20_000_000
"""The maximum size in bytes of a linked resource that is shown."""

ResourceContents = list[dict[str, Any]] | str
"""The contents of a resource, or why they cannot be read."""

_KNOWN = {one.suffix: one.media_type for one in vars(kinds).values() if isinstance(one, kinds.FileType)} | {
    ".odt": "application/vnd.oasis.opendocument.text",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".epub": "application/epub+zip",
}
"""Media types by usual suffix: Python knows few of them on systems without their own table (3.11 to 3.13)."""

_DOCUMENTS = frozenset(
    _KNOWN[suffix] for suffix in (".pdf", ".docx", ".pptx", ".xlsx", ".rtf", ".odt", ".odp", ".ods", ".epub")
)


async def with_linked(result: JSON, read: "Callable[[str], Awaitable[ResourceContents]]") -> dict[str, Any]:
    """Return `result` with links to pictures and documents on the server replaced by what `read` returns.

    Links to the web, to other types, and to more than `MAX_BYTES` are kept, and shown as a line. A link that
    cannot be read, is empty, or exceeds its stated size is also kept, followed by a sentence that says why. A
    resource that is linked twice is read once.
    """
    content = result.get("content")
    if not is_list(content) or not any(is_readable_link(block) for block in content):
        return dict(result)
    blocks: list[object] = []
    known: dict[str, ResourceContents] = {}
    for block in content:
        if not is_json(block) or not is_readable_link(block):
            blocks.append(block)
            continue
        uri = text_of(block, "uri")
        if uri not in known:
            known[uri] = await read(uri)
        contents = known[uri]
        if isinstance(contents, str):
            blocks += [block, {"type": "text", "text": f"[the link above could not be read: {contents}]"}]
            continue
        around = {key: block[key] for key in ("annotations", "_meta") if key in block}
        blocks += [{**around, "type": "resource", "resource": resource} for resource in contents]
    return {**result, "content": blocks}


def is_readable_link(block: object) -> bool:
    """Return whether a block is a link to a picture or document that the server keeps and that is not too large."""
    if not is_json(block) or not links(block):
        return False
    uri, size = text_of(block, "uri"), block.get("size")
    if uri.startswith(("http://", "https://")) or (isinstance(size, int) and size > MAX_BYTES):
        return False
    media_type = text_of(block, "mimeType") or _guessed(uri)
    return media_type.startswith("image/") or media_type in _DOCUMENTS


def _guessed(uri: str) -> str:
    """Return the media type for the suffix of an address, or "" if there is none."""
    path = uri.partition("?")[0].partition("#")[0]
    if known := _KNOWN.get(PurePosixPath(path).suffix.lower()):
        return known
    try:
        return guess_type(uri)[0] or ""
    except ValueError:  # not an address at all, such as `file://[a.png`; raised since Python 3.13
        return guess_type(uri.rpartition("/")[2])[0] or ""


@dataclass(slots=True, eq=False)
class _PendingRead:
    """One read of a resource; `found` is None if it was cancelled."""

    done: anyio.Event = field(default_factory=anyio.Event)
    found: ResourceContents | None = None


class Resources:
    """The resources of one server, each read once for all requests that arrive before the read begins.

    Any call may change a resource, so a read that began before a call was answered may show an earlier
    state: a request that arrives during a read waits for the next one, which all requests until then share.
    Only the server can say how long contents remain valid; if it does (`ttlMs`, 2026-07-28), the SDK's client
    caches them. See docs/architecture.md, "Linked resources".
    """

    def __init__(self, read: "Callable[[str], Awaitable[ReadResourceResult]]") -> None:
        self._read = read
        self._now: dict[str, _PendingRead] = {}
        self._next: dict[str, _PendingRead] = {}

    async def read(self, uri: str) -> ResourceContents:
        """Return the contents of a resource, or why they are not available."""
        while joined := self._next.get(uri):
            await joined.done.wait()
            if joined.found is not None:
                return joined.found
        mine = self._next[uri] = _PendingRead()
        try:
            if before := self._now.get(uri):
                await before.done.wait()
            self._now[uri] = self._next.pop(uri)
            mine.found = await self._contents(uri)
            return mine.found
        finally:
            for waiting in (self._next, self._now):
                if waiting.get(uri) is mine:
                    del waiting[uri]
            mine.done.set()

    async def _contents(self, uri: str) -> ResourceContents:
        try:
            result = await self._read(uri)
        except ServerError as error:
            return error.problem
        return within_limit([_resource(one) for one in result.contents])


def within_limit(resources: list[dict[str, Any]]) -> ResourceContents:
    """Return the contents of a resource if they are neither empty nor too large, otherwise why they are not shown."""
    # Four characters of base64 hold three bytes.
    size = sum(len(text_of(one, "text")) + len(text_of(one, "blob")) * 3 // 4 for one in resources)
    if size > MAX_BYTES:
        return f"it has {amount(size)}; the limit is {amount(MAX_BYTES)}"
    return resources or "it is empty"


def _resource(contents: "TextResourceContents | BlobResourceContents") -> dict[str, Any]:
    return contents.model_dump(mode="json", by_alias=True, exclude_none=True)
