"""Files API: each picture or file is uploaded once, and requests refer to it by id.

The types and the specification say that a file's id may appear inside a `function_call_output`, but nobody has
confirmed it (2026-11-22). So nothing depends on it: the conversation keeps its data URLs, ids
are written into the copy that is sent, and if the API refuses them, the data URLs are sent instead.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

import anyio
import anyio.to_thread

from imagebridge.conversation.attachments import Attachment, attachments, listed, replaced
from imagebridge.errors import PictureError
from imagebridge.facts.limits import FILE_EXPIRY
from imagebridge.pictures import kinds
from imagebridge.pictures.base64 import base64_bytes
from imagebridge.providers.provider import AttachmentKind
from imagebridge.requirements import UPLOADS, need

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI
    from openai.types import FileObject

_LOG = logging.getLogger(__name__)

THRESHOLD = 100_000
"""The size in bytes above which a picture or file is uploaded by default."""

Purpose = Literal["vision", "user_data", "assistants"]

PURPOSES: Mapping[AttachmentKind, tuple[Purpose, ...]] = {
    "picture": ("vision", "assistants"),
    "file": ("user_data", "assistants"),
}
"""Purposes in the order in which they are tried. OpenAI's guides "Images and vision" and "File inputs" (2026-09);
Azure accepts only `assistants` (openai/openai-python#1459: "Invalid value for the purpose.")."""

_MARGIN = 600
"""The number of seconds before its expiry at which a file stops being used."""

_AT_ONCE = 4
_NO_FILES_API = (401, 403, 404, 405, 501)
"""Status codes that mean that this server, or this key, has no Files API."""

_REFUSED = (400, 404, 422)
"""Status codes with which a server may refuse the file ids in a request."""

T = TypeVar("T")
UploadKey = tuple[AttachmentKind, str, bytes]
"""Identifies content: kind, file name, SHA-256."""


@dataclass(slots=True)
class _Slot:
    """The outcome for one picture or file: its id and expiry time, or no id if it is sent as data."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    file_id: str = ""
    ends: float = 0
    failed: bool = False


class Uploads:
    """The uploads of one client: `async with Uploads(client) as uploads: ... await uploads.sent(items) ...`.

    Args:
        client: an `AsyncOpenAI`, or an `OpenAI`, which is used in threads.
        threshold: size in bytes above which a picture or file is uploaded.
        expires: seconds after which the API deletes a file automatically, from an hour to 30 days.
        keep: leave the files until they expire; needed if conversations that the API stores
            (`previous_response_id`, `conversation`) are to continue later. Otherwise closing deletes them.

    Raises:
        TypeError: `client` is neither an `AsyncOpenAI` nor an `OpenAI`.
        ValueError: the threshold is negative, or the API does not accept the expiry.
    """

    def __init__(
        self,
        client: "AsyncOpenAI | OpenAI",
        *,
        threshold: int = THRESHOLD,
        expires: int = 86_400,
        keep: bool = False,
    ) -> None:
        need(UPLOADS)
        from openai import AsyncOpenAI, OpenAI

        if not isinstance(client, AsyncOpenAI | OpenAI):  # pyright: ignore[reportUnnecessaryIsInstance]  # users without a type checker
            raise TypeError(f"the client must be an AsyncOpenAI or an OpenAI, not {type(client).__name__}")
        if threshold < 0:
            raise ValueError(f"the upload threshold must be a number of bytes, 0 or more, not {threshold}")
        least, most = FILE_EXPIRY
        if not least <= expires <= most:
            raise ValueError(f"an uploaded file must expire after {least} to {most} seconds, not {expires}")
        self._client: AsyncOpenAI | OpenAI = client
        self._in_threads = isinstance(client, OpenAI)
        self._threshold = threshold
        self._expires = expires
        self._keep = keep
        self._off = False
        self._suspicion = ""
        """The error that the file ids may have caused."""
        self._slots: dict[UploadKey, _Slot] = {}
        self._keys: dict[tuple[str, str], UploadKey] = {}
        self._limit = anyio.CapacityLimiter(_AT_ONCE)
        self._ids: set[str] = set()

    @classmethod
    def of_argument(cls, client: "AsyncOpenAI | OpenAI", uploads: bool | int, *, keep: bool = False) -> Self:
        """Return uploads for `run(..., uploads=...)`: False for none, True for data over `THRESHOLD`, or a number of bytes."""
        created = cls(client, threshold=THRESHOLD if isinstance(uploads, bool) else uploads, keep=keep)
        created._off = uploads is False
        return created

    def for_client(self, client: "AsyncOpenAI | OpenAI") -> Self:
        """Return this object if it was created for `client`; another client may use an account without these files.

        Raises:
            TypeError: `client` is a different client.
        """
        if client is not self._client:
            raise TypeError(
                "these Uploads belong to a different client from the one passed to run() or stream()"
            )
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Delete the uploaded files, unless they are to be kept; this takes at most 10 seconds, even when cancelled."""
        ids, self._ids = self._ids, set()
        self._slots.clear()
        if self._keep or not ids:
            return
        with anyio.move_on_after(10, shield=True):
            async with anyio.create_task_group() as tasks:
                for identity in ids:
                    tasks.start_soon(self._delete, identity)

    async def sent(self, items: Iterable[T]) -> list[T]:
        """Return the items or messages with ids in place of uploaded data, ready to be sent.

        A failed upload does not raise an exception: its data is sent as it is. Chat Completions accepts ids
        only for files, so its pictures are always sent as data. `items` is not changed.
        """
        item_list = listed(items)
        if self._off:
            return cast("list[T]", item_list)
        wanted = [one for one in attachments(item_list) if self._wanted(one)]
        changes: dict[tuple[int, int], dict[str, object]] = {}
        # Looking up a string is free if it was hashed before; entries that are no longer sent are dropped.
        self._keys = {one: self._keys[one] for one in map(_source, wanted) if one in self._keys}

        async def upload(one: Attachment) -> None:
            async with self._limit:
                if (identity := await self._upload(one)) and (part := one.uploaded(identity)):
                    changes[one.item, one.part] = part

        async with anyio.create_task_group() as tasks:
            for one in wanted:
                tasks.start_soon(upload, one)
        # Another task may have learnt in the meantime that there is no Files API, or that ids are refused.
        return cast("list[T]", item_list if self._off else replaced(item_list, changes))

    def refused(self, error: Exception, sent: Iterable[object]) -> bool:
        """Return whether to send the request again with data, because the ids in `sent` may have caused `error`.

        From then on, `sent` changes nothing, unless the request fails with data too.
        """
        if not _suspect(error):
            return False
        if self._by_id(sent):
            self._suspicion = str(error)
            self._off = True
            return True
        if self._suspicion:
            # Data is refused too, so the ids were not the cause.
            self._suspicion, self._off = "", False
        return False

    def accepted(self, sent: Iterable[object]) -> None:
        """Record that a request succeeded; if ids were suspected and this request had none, the ids were the cause."""
        if self._suspicion and not self._by_id(sent):
            _LOG.warning(
                "file ids were refused (%s); from now on pictures and files are sent as data", self._suspicion
            )
            self._suspicion = ""

    def _by_id(self, sent: Iterable[object]) -> bool:
        return any(one.source.file_id in self._ids for one in attachments(listed(sent)))

    def _wanted(self, one: Attachment) -> bool:
        return one.size > self._threshold and one.uploaded("") is not None

    async def _upload(self, one: Attachment) -> str:
        """Return the id of a picture or file, uploading it if necessary; "" if it is sent as data."""
        key = self._keys.get(_source(one))
        if key is None:
            try:
                # About 1 ms per megabyte: meanwhile the event loop continues.
                key = await anyio.to_thread.run_sync(_key, one)
            except PictureError:
                return ""
            self._keys[_source(one)] = key
        slot = self._slots.setdefault(key, _Slot())
        async with slot.lock:
            if self._off or slot.failed:
                return ""
            if not slot.file_id or time.time() > slot.ends - _MARGIN:
                file = await self._created(one, key)
                slot.failed = file is None
                slot.file_id = file.id if file else ""
                ends: object = getattr(file, "expires_at", None)
                slot.ends = ends if isinstance(ends, int) else float("inf")
            return slot.file_id

    async def _created(self, one: Attachment, key: UploadKey) -> "FileObject | None":
        """Upload a picture or file. Returns None if that is not possible, either now or ever."""
        import openai

        data, _ = base64_bytes(one.url)
        file_type = kinds.kind(data)
        label = file_type.media_type if file_type else "application/octet-stream"
        name = key[1] or f"{key[2].hex()[:16]}{file_type.suffix if file_type else ''}"
        for purpose in PURPOSES[one.kind]:
            try:
                file = await self._call(
                    self._client.files.create,
                    file=(name, data, label),
                    purpose=purpose,
                    expires_after={"anchor": "created_at", "seconds": self._expires},
                )
            except openai.BadRequestError as error:
                _LOG.debug("the upload with purpose %s failed: %s", purpose, error)
            # Compatible servers may answer with anything; the SDK then raises any kind of exception.
            except Exception as error:  # noqa: BLE001
                if isinstance(error, openai.APIStatusError) and error.status_code in _NO_FILES_API:
                    self._none_here(error)
                else:
                    _LOG.warning("%s was not uploaded (%s); it is sent as data", name, error)
                return None
            else:
                identity: object = getattr(file, "id", None)
                if not isinstance(identity, str) or not identity:
                    self._none_here("the answer contains no file id")
                    return None
                self._ids.add(identity)
                return file
        return None

    def _none_here(self, why: object) -> None:
        _LOG.warning("this endpoint has no Files API (%s); pictures and files are sent as data", why)
        self._off = True

    async def _delete(self, identity: str) -> None:
        try:
            await self._call(self._client.files.delete, identity)
        # The client may already be closed, and nothing else is lost.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("%s could not be deleted and stays until it expires: %s", identity, error)

    async def _call(self, method: Callable[..., Any], *arguments: object, **named: object) -> Any:
        if self._in_threads:
            return await anyio.to_thread.run_sync(
                partial(method, *arguments, **named), abandon_on_cancel=True
            )
        return await cast("Awaitable[Any]", method(*arguments, **named))


class BridgeUploads:
    """The uploads for the clients of a bridge, shared by all of its runs.

    usual: the default of `uploads` for a run.
    """

    def __init__(self, usual: bool | int = False) -> None:
        self._usual = usual
        self._made: dict[object, Uploads] = {}

    def of(
        self, client: "AsyncOpenAI | OpenAI", uploads: Uploads | bool | int | None = None, *, keep: bool
    ) -> Uploads:
        """Return the uploads for `run(..., uploads=...)`: those passed, or those already in use.

        Raises:
            TypeError: the given uploads belong to another client.
            ValueError: a threshold below 0.
        """
        if isinstance(uploads, Uploads):
            return uploads.for_client(client)
        if uploads is None:
            uploads = self._usual
        own = Uploads.of_argument(client, uploads, keep=keep)
        # If nothing is uploaded, nothing is kept: some programs create a client for each run.
        return own if uploads is False else self._made.setdefault((client, type(uploads), uploads, keep), own)

    async def aclose(self) -> None:
        """Delete the uploaded files, unless they are to be kept."""
        while self._made:
            _, uploads = self._made.popitem()
            await uploads.aclose()


def _source(one: Attachment) -> tuple[str, str]:
    return one.url, one.source.filename


def _key(one: Attachment) -> UploadKey:
    data, _ = base64_bytes(one.url)
    return one.kind, one.source.filename, sha256(data).digest()


def _suspect(error: Exception) -> bool:
    """Return whether an API error may be about file ids: a refusal, or an error that ends a stream."""
    code = str(getattr(error, "code", None) or "")
    if (status := getattr(error, "status_code", None)) is not None:
        return status in _REFUSED and code != "context_length_exceeded"
    return "image" in code or "file" in code
