"""Settings: what a server may do, decided by whoever starts it and never by a model."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from imagebridge.requirements import install_command

if TYPE_CHECKING:
    from imagebridge_tools.files.source import Places
    from imagebridge_tools.files.storage import ObjectStorage

ALLOW = "IMAGEBRIDGE_ALLOW"
"""The environment variable that lists the folders to read from, separated as in PATH."""

ALLOW_WRITE = "IMAGEBRIDGE_ALLOW_WRITE"
"""The environment variable that lists the folders to write to, separated as in PATH."""

STORE = "IMAGEBRIDGE_STORE"
"""The environment variable that names the folder in which pictures are kept; with "off", none are kept."""

STORE_BYTES = 500_000_000
"""The maximum total size of all kept pictures, in bytes."""

STORE_SECONDS = 7 * 24 * 3600.0
"""How many seconds a picture is kept after it was last returned: a week."""

PATIENCE = 50.0
"""Seconds after which a long call is answered with a handle, because hosts stop waiting after about 60."""

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
"""The form in which browsers write an origin."""

_SCOPE = re.compile(r"[!#-\[\]-~]+")
"""A scope (RFC 6749, 3.3)."""

CALLS = 16
"""How many concurrent requests one caller may have, because agents call several tools at the same time."""


class SettingsError(ValueError):
    """An invalid setting; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server may do.

    Args:
        allow: the folders whose files may be read. Empty: no files.
        allow_write: the folders in which pictures may be saved.
        allow_https: whether files may be fetched from public https addresses.
        store: the folder in which pictures are kept, or s3://bucket/prefix of an object store. If None, pictures are
            not kept.
        store_bytes: the maximum total size of kept pictures, in bytes.
        store_seconds: how long a picture is kept, in seconds.
        create: whether the tools that create pictures with the OpenAI API are offered.
        host: the host that results are fitted to, by a name that `imagebridge-server --help` lists. If None, the host
            is determined by the name that each client reports.
        patience: how long a call may take, in seconds, before it returns a handle.
        tokens: over HTTP, the file of callers and their tokens, which `imagebridge-server token` writes. Each
            caller has its own store below `store` and its own folders below those of `allow_write`; all callers
            may read the folders of `allow`.
        jwt: over HTTP, the URL of an issuer whose JSON Web Tokens identify callers, instead of `tokens`.
        audience: the audience of these tokens, by default `public_url`.
        scopes: the scopes that each of these tokens must have.
        calls: over HTTP, how many requests one caller may have in progress, including waiting ones.
        no_auth: over HTTP, whether requests from other machines are accepted without authentication.
        public_url: over HTTP, the URL of /mcp as callers see it, if a proxy is in front of the server.
        origins: over HTTP, the origins of web pages that may send requests, such as ``https://host.example``; pages
            served from this machine always may.
        json_response: over HTTP, whether answers are always JSON, without progress, instead of event streams for calls
            that take time.

    Raises:
        SettingsError: a number of bytes or seconds is negative or not a number, `public_url` is not a URL whose path is
            /mcp, one of `origins` is not an origin, one of `scopes` is not a scope, `jwt` is given without
            `public_url` or together with `tokens`, `no_auth` together with either, `audience` or `scopes` without `jwt`, or
            `store` is a string but not the URL of a bucket.
    """

    allow: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    allow_https: bool = False
    store: Path | str | None = None
    store_bytes: int = STORE_BYTES
    store_seconds: float = STORE_SECONDS
    create: bool = False
    host: str | None = None
    patience: float = PATIENCE
    tokens: Path | None = None
    jwt: str | None = None
    audience: str | None = None
    scopes: tuple[str, ...] = ()
    calls: int = CALLS
    no_auth: bool = False
    public_url: str | None = None
    origins: tuple[str, ...] = ()
    json_response: bool = False

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        try:
            url = urlsplit(self.public_url or "https://localhost/mcp")
        except ValueError:  # It begins like one.
            url = urlsplit("")
        if url.scheme not in ("http", "https") or not url.hostname or url.path != "/mcp" or url.query:
            raise SettingsError(
                f"{self.public_url!r} is not a URL that ends in /mcp; write it like https://host/mcp"
            )
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"{origin!r} is not the origin of a web page; write it as in https://host.example"
                )
        for scope in self.scopes:
            if not _SCOPE.fullmatch(scope):
                raise SettingsError(
                    f"{scope!r} is not a scope: a scope is one word without quotation marks; pass each one separately"
                )
        if isinstance(self.store, str):
            _check_bucket(self.store)
        self._check_authentication()
        for name in ("store_bytes", "store_seconds", "patience"):
            if not getattr(self, name) >= 0:  # also excludes NaN
                raise SettingsError(f"{name} is {getattr(self, name)!r}; it must be a number, 0 or more")

    def _check_authentication(self) -> None:
        if self.jwt and self.tokens:
            raise SettingsError("callers can authenticate in only one way: use --tokens or --jwt, not both")
        if self.no_auth and (self.tokens or self.jwt):
            raise SettingsError(
                "--no-auth accepts callers without tokens; leave it out, or leave out --tokens and --jwt"
            )
        if self.jwt and not self.public_url:
            raise SettingsError("--jwt needs --public-url, the URL that tokens are issued for")
        if (self.audience or self.scopes) and not self.jwt:
            raise SettingsError("--audience and --scope need --jwt, because only its tokens have them")

    @property
    def places(self) -> "Places":
        """Where the tools may read and write."""
        # Only now: the command line's help should not wait for the tools.
        from imagebridge_tools.files.source import Places
        from imagebridge_tools.files.store import Store
        from imagebridge_tools.files.web import Web

        return Places(
            allow=self.allow,
            allow_write=self.allow_write,
            store=Store(self._storage, self.store_bytes, self.store_seconds) if self.store else None,
            web=Web() if self.allow_https else None,
        )

    @property
    def _storage(self) -> "ObjectStorage | Path":
        if isinstance(self.store, str):
            from imagebridge_tools.files.bucket import bucket

            return bucket(self.store)
        return self.store or Path()

    def store_below(self, name: str) -> "Path | str | None":
        """Return the store of the caller `name`."""
        if isinstance(self.store, str):
            return f"{self.store.rstrip('/')}/callers/{name}"
        return self.store and self.store / "callers" / name

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        allow: Iterable[str | Path] = (),
        allow_write: Iterable[str | Path] = (),
        store: str | Path | None = None,
        **choices: Any,
    ) -> Self:
        """Read settings from environment variables; `allow` and `allow_write` add folders.

        Pictures are kept in `store`, or in the folder named by IMAGEBRIDGE_STORE, or in the user's cache; "off" keeps
        none. `choices` are any other settings.

        Raises:
            SettingsError: an allowed folder has an empty name, does not exist or is not a folder.
        """
        return cls(
            allow=existing_folders(allow, environment.get(ALLOW, "")),
            allow_write=existing_folders(allow_write, environment.get(ALLOW_WRITE, "")),
            store=_store(store or environment.get(STORE, "")),
            create=any(environment.get(name) for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")),
            **choices,
        )


def _store(name: str | Path) -> Path | str | None:
    if str(name) == "off":
        return None
    # Too few slashes would otherwise name a folder called "s3:".
    if isinstance(name, str) and ("://" in name or name.startswith("s3:")):
        return name
    if name:
        return Path(name).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("imagebridge", appauthor=False) / "pictures"


def _check_bucket(store: str) -> None:
    """Refuse a store that is not a bucket, or that needs a missing package."""
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?", store):
        raise SettingsError(f"{store!r} is not a valid store: give a folder, s3://bucket/prefix, or off")
    if find_spec("obstore") is None:
        raise SettingsError(f"a store at s3:// needs obstore: {install_command('s3')}")


def existing_folders(names: Iterable[str | Path], more: str = "") -> tuple[Path, ...]:
    """Return folders as absolute paths, without duplicates; `more` contains further folders, separated as in PATH.

    Raises:
        SettingsError: a folder does not exist or is not a folder.
    """
    named = [*names, *filter(None, more.split(os.pathsep))]
    return tuple(dict.fromkeys(_folder(name) for name in named))


def _folder(name: str | Path) -> Path:
    if not str(name):
        # As if the variable were unset: it does not mean the folder in which the server happens to be started.
        raise SettingsError("an allowed folder has an empty name; give a folder, or leave it out")
    folder = Path(name).expanduser().absolute()
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist; create it, or use another one"
        raise SettingsError(f"the allowed folder {str(name)!r} {problem}")
    return folder
