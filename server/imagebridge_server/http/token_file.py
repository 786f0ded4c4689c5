"""Reads and writes a TOML file of callers: a table for each caller contains the SHA-256 of each of the caller's tokens.

    [alice]
    tokens = ["sha256:9f86d0..."]
    allow = ["/srv/pictures/alice"]
    store_bytes = 2_000_000_000

A token is 32 random bytes, so its hash does not help in guessing it. The file is read again whenever it changes.
"""

import logging
import os
import re
import secrets
import shlex
import tomllib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from mcp.server.auth.provider import AccessToken, TokenVerifier

from imagebridge.client.threads import in_thread
from imagebridge.wire import is_json, is_list
from imagebridge_server.settings import Settings, SettingsError, existing_folders

_LOG = logging.getLogger("imagebridge.http")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_PREFIX = "imb_"
"""The prefix of each token, by which programs that search code for secrets recognise it."""

_HEAD = """\
# The callers of imagebridge-server. `tokens` lists hashes; delete one to revoke its token. A caller may also have:
# allow and allow_write (lists of folders), store_bytes, store_seconds, calls (concurrent requests).

"""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A caller's settings in the file; None means the setting that all callers have."""

    tokens: tuple[str, ...] = ()
    allow: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    store_bytes: int | None = None
    store_seconds: float | None = None
    calls: int | None = None

    def settings(self, shared: Settings) -> Settings:
        """Return this caller's settings, based on those that all callers share."""
        own = {
            name: getattr(self, name)
            for name in ("store_bytes", "store_seconds", "calls")
            if getattr(self, name) is not None
        }
        folders = {"allow": shared.allow + self.allow, "allow_write": shared.allow_write + self.allow_write}
        return replace(shared, **folders, **own)


class TokenFile(TokenVerifier):
    """Verifies tokens of the callers in a file. The SDK calls `verify_token`.

    Args:
        path: the file.
        check: raises SettingsError for callers that cannot be served.

    Raises:
        SettingsError: the file cannot be read or is invalid.
    """

    def __init__(self, path: Path, check: Callable[[Mapping[str, TokenHolder]], None]) -> None:
        self._path = path
        self._check = check
        self._state = _state(path)
        self._callers = self._checked()
        self._names = _by_hash(self._callers)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the owner of a token, or None if the token is unknown."""
        state = _state(self._path)
        if state != self._state:
            await self._read_again(state)
        name = self._names.get(_hash(token))
        return AccessToken(token=token, client_id=name, scopes=[]) if name else None

    def holder(self, name: str) -> TokenHolder:
        """Return a caller's settings in the file; a caller that was just removed has those that all callers share."""
        return self._callers.get(name, TokenHolder())

    async def _read_again(self, state: tuple[int, int, int] | None) -> None:
        """Read the changed file, whose new state is `state`. If it is invalid, keep the previous callers."""
        self._state = state
        try:
            callers = await in_thread(self._checked)
        except SettingsError as error:
            _LOG.error(
                "the token file has changed but cannot be read, so the previous version stays in force: %s",
                error,
            )
            return
        self._callers, self._names = callers, _by_hash(callers)

    def _checked(self) -> Mapping[str, TokenHolder]:
        callers = read_callers(self._path)
        self._check(callers)
        return callers


def read_callers(path: Path) -> dict[str, TokenHolder]:
    """Read a file of callers.

    Raises:
        SettingsError: the file cannot be read or is invalid.
    """
    data = _content(path)
    try:
        found = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"the token file {str(path)!r} is not TOML: {error}") from None
    callers = {name: _holder(path, name, table) for name, table in found.items()}
    if len(_by_hash(callers)) < sum(len(one.tokens) for one in callers.values()):
        raise SettingsError(f"the token file {str(path)!r} contains a token twice")
    return callers


def _content(path: Path) -> bytes:
    """Return the content of a file of callers; a SettingsError says why it cannot be read."""
    try:
        if path.is_char_device():  # It may have no end.
            raise SettingsError(f"the token file {str(path)!r} is a device; give the path of a file")
        return path.read_bytes()
    except FileNotFoundError:
        raise SettingsError(
            f"the token file {str(path)!r} does not exist; to create it and print a token for the caller NAME, run: "
            f"imagebridge-server token NAME --tokens {shlex.quote(str(path))}"
        ) from None
    except OSError as error:
        raise SettingsError(f"the token file {str(path)!r} cannot be read: {error.strerror}") from None
    except ValueError as error:  # A path with a NUL.
        raise SettingsError(f"the token file {str(path)!r} cannot be read: {error}") from None


def _holder(path: Path, name: str, table: object) -> TokenHolder:
    where = f"the token file {str(path)!r}, caller {name!r}"
    if not _NAME.fullmatch(name) or not is_json(table):
        raise SettingsError(f"{where}: {naming()}")
    known = [field.name for field in fields(TokenHolder)]
    if others := [key for key in table if key not in known]:
        raise SettingsError(f"{where}: {others[0]!r} is unknown; the known keys are {', '.join(known)}")
    lists = {key: _strings(where, table, key) for key in ("tokens", "allow", "allow_write")}
    if not all(map(_HASH.fullmatch, lists["tokens"])):
        raise SettingsError(
            f"{where}: each of `tokens` must be 'sha256:' followed by 64 hexadecimal digits (0-9, a-f)"
        )
    numbers = {key: _whole_number(where, table, key) for key in ("store_bytes", "store_seconds", "calls")}
    try:
        allow, allow_write = existing_folders(lists["allow"]), existing_folders(lists["allow_write"])
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None
    return TokenHolder(tuple(lists["tokens"]), allow, allow_write, **numbers)


def _whole_number(where: str, table: Mapping[str, Any], key: str) -> int | None:
    value: object = table.get(key)
    least = int(key == "calls")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise SettingsError(f"{where}: `{key}` must be a whole number, {least} or more")
    return value


def _strings(where: str, table: Mapping[str, Any], key: str) -> list[str]:
    value: object = table.get(key, [])
    if not is_list(value) or not all(isinstance(one, str) for one in value):
        raise SettingsError(f"{where}: `{key}` must be a list of strings")
    return [str(one) for one in value]


def naming() -> str:
    """Return a description of valid caller names."""
    return (
        "each caller must be a table with a name of up to 64 characters: letters a-z, digits, - or _, "
        "beginning with a letter or digit"
    )


def add_token(path: Path, name: str) -> str:
    """Create a token for a caller, write its hash to the file, and return the token, which cannot be shown again.

    Raises:
        SettingsError: the name or the file is invalid, or the file cannot be written.
    """
    import tomlkit

    from imagebridge_tools.files.atomic_write import write_whole

    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is not a valid name: {naming()}")
    # A link stays a link; the file that it leads to is written.
    path = path.resolve()
    token = _PREFIX + secrets.token_urlsafe(32)
    try:
        with _alone_in(path.parent):
            if path.exists():
                read_callers(path)
            document = tomlkit.parse(path.read_text("utf-8") if path.exists() else _HEAD)
            table: Any = document.setdefault(name, tomlkit.table())
            table["tokens"] = [*table.get("tokens", []), _hash(token)]
            # The server may run as another user.
            write_whole(path, tomlkit.dumps(document).encode(), as_before=True)
    except OSError as error:
        raise SettingsError(f"the token file {str(path)!r} cannot be written: {error.strerror}") from error
    return token


@contextmanager
def _alone_in(folder: Path) -> Generator[None]:
    """Wait until no other process adds a token to a file in this folder, so that no token is overwritten."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _hash(token: str) -> str:
    return "sha256:" + sha256(token.encode("utf-8", "replace")).hexdigest()


def _by_hash(callers: Mapping[str, TokenHolder]) -> dict[str, str]:
    return {one: name for name, holder in callers.items() for one in holder.tokens}


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
