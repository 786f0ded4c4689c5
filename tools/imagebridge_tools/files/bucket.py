"""Storage in a bucket of an S3-compatible object store, accessed with obstore, which several machines may share.

The address, the region and the keys come from environment variables (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and others), or from the machine's role.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .storage import LARGEST, TOO_LARGE, StoredObject

if TYPE_CHECKING:
    from collections.abc import Generator

    from obstore.store import ObjectStore

_SECONDS = 10
"""The time limit for a request, in seconds; it is short because calls wait for it."""

_RETRIES = 2
"""The maximum number of retries for a request that failed in transit, within the time limit."""

_QUIET = 5.0
"""How long no request is sent to a bucket that did not answer in time, in seconds."""

_PAUSE = 60.0
"""The minimum interval between two listings of a whole store, in seconds; every thousand objects cost a request."""


_FOLDER = 2
"""The number of characters of a name that form a folder, so that a search by prefix lists only one folder of 256."""


def _path(name: str) -> str:
    return f"{name[:_FOLDER]}/{name[_FOLDER:]}"


class BucketSilence:
    """Tracks whether a bucket has stopped answering: calls then fail at once, while one at a time tries again."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = Lock()

    def check(self) -> None:
        """Raise OSError if no request should be sent to the bucket now."""
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise OSError("silent", "the store did not answer a moment ago")
            if self._until:
                self._until = now + _SECONDS + _QUIET

    def tell(self, seconds: float, *, answered: bool) -> None:
        """Record the outcome of a request, and the seconds that it took."""
        if answered:
            self._until = 0.0
        elif seconds >= _SECONDS:
            self._until = time.monotonic() + _QUIET


class BucketStorage:
    """Objects below a prefix of a bucket; S3 never shows incomplete ones.

    silence: tracks whether the bucket answers; the stores of all callers share it.
    """

    pause = _PAUSE

    def __init__(self, store: "ObjectStore", silence: BucketSilence | None = None) -> None:
        self._store = store
        self._silence = silence or BucketSilence()

    def get(self, name: str) -> bytes:
        """Return an object. Raises FileNotFoundError if it does not exist, or ValueError if it is too large."""
        import obstore

        with self._asking():
            found = obstore.get(self._store, _path(name))
            if found.meta["size"] > LARGEST:
                raise ValueError(TOO_LARGE)
            return bytes(found.bytes())

    def head(self, name: str, size: int) -> bytes:
        """Return at most the first `size` bytes of an object."""
        import obstore

        with self._asking():
            return bytes(obstore.get_range(self._store, _path(name), start=0, length=size))

    def put(self, name: str, data: bytes) -> None:
        """Store an object, replacing one with the same name."""
        import obstore

        try:
            with self._asking():
                obstore.put(self._store, _path(name), data)
        except FileNotFoundError as error:
            raise OSError("NotFoundError", "the bucket does not exist") from error

    def touch(self, name: str, within: float) -> bool:
        """Return whether an object exists and was last used within `within` seconds; otherwise it must be stored again."""
        import obstore

        try:
            with self._asking():
                state = obstore.head(self._store, _path(name))
        except FileNotFoundError:
            return False
        return state["last_modified"].timestamp() > time.time() - within

    def listed(self, beginning: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose names start with `beginning`."""
        import obstore

        folder = beginning[:_FOLDER] if len(beginning) >= _FOLDER else None
        with self._asking():
            found: Any = obstore.list(self._store, folder)  # pyright: ignore[reportUnknownMemberType]
            for page in found:
                for one in page:
                    name = one["path"].replace("/", "", 1)
                    # The stores of callers are below the shared one.
                    if name.startswith(beginning) and "/" not in name:
                        yield StoredObject(name, one["size"], one["last_modified"].timestamp())

    def delete(self, name: str) -> None:
        """Delete an object, if it exists."""
        import obstore

        with self._asking():
            obstore.delete(self._store, _path(name))

    def tidy(self) -> None:
        """Do nothing, as the object store itself removes incomplete objects."""

    @contextmanager
    def _asking(self) -> "Generator[None]":
        """Guard requests to the bucket in the block, which raise OSError, or FileNotFoundError for missing objects."""
        self._silence.check()
        begun, failed = time.monotonic(), False
        try:
            with _as_os_error():
                yield
        except FileNotFoundError:
            raise
        except OSError:
            failed = True
            raise
        finally:
            self._silence.tell(time.monotonic() - begun, answered=not failed)


@lru_cache(maxsize=256)
def bucket(url: str) -> BucketStorage:
    """Return the storage at a URL such as s3://bucket/prefix, without sending a request yet.

    Raises:
        ValueError: the URL is invalid, or environment variables for it are.
    """
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    local = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", "")).startswith("http://")
    options: Any = {"timeout": f"{_SECONDS}s", "connect_timeout": "3s", "allow_http": local}
    retries: Any = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_SECONDS)}
    try:
        store = from_url(url, client_options=options, retry_config=retries)
        return BucketStorage(store, _silence(urlsplit(url).netloc))
    except BaseError as error:
        raise ValueError(str(error).partition("\n")[0]) from error


@lru_cache(maxsize=256)
def _silence(_bucket: str) -> BucketSilence:
    return BucketSilence()


@contextmanager
def _as_os_error() -> "Generator[None]":
    """Raise failures as OSError, as for files, and FileNotFoundError for missing objects."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        # The rest of the message contains addresses, and what the store said.
        away = "error sending request" in str(error)
        problem = "the store cannot be reached" if away else "the store returned an error"
        raise OSError(type(error).__name__, f"{problem} ({type(error).__name__})") from error
