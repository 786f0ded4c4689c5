"""Identifies callers and what they may do: each has a separate store and folders, below those of the server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from mcp.server.auth.provider import AccessToken, TokenVerifier

from imagebridge_server.settings import Settings, SettingsError

from .jwt_issuer import IssuerTokens, caller_name
from .token_file import TokenFile, TokenHolder


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """A caller's unique name, which is empty if there is no authentication, and what the caller may do."""

    name: str
    settings: Settings

    def __hash__(self) -> int:
        """Return a hash of the name only: hashing all settings would take longer than the rest of a lookup."""
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Callers:
    """How callers authenticate, and who they are.

    verifier: identifies the caller of a token; None if there is no authentication.
    """

    verifier: TokenVerifier | None
    of: Callable[[AccessToken | None], HttpCaller]


def callers(settings: Settings) -> Callers:
    """Return the callers defined by the settings.

    Raises:
        SettingsError: the token file or the issuer is invalid, or callers could read the files of others.
    """
    if settings.jwt:
        _check_apart(settings)
        issuer = IssuerTokens(settings.jwt, settings.audience or settings.public_url or "")
        return Callers(
            issuer, lambda token: _named(caller_name(issuer.issuer, _shown(token)), settings, settings)
        )
    if settings.tokens:
        _check_apart(settings)
        return _holders(TokenFile(settings.tokens, partial(_check_holders, settings)), settings)
    return Callers(None, lambda _: HttpCaller("", settings))


def _holders(file: TokenFile, settings: Settings) -> Callers:
    @lru_cache(maxsize=1_000)
    def held(name: str, holder: TokenHolder) -> HttpCaller:
        return _named(name, holder.settings(settings), settings)

    def of(token: AccessToken | None) -> HttpCaller:
        name = _shown(token).client_id
        return held(name, file.holder(name))

    return Callers(file, of)


def _shown(token: AccessToken | None) -> AccessToken:
    if token is None:
        raise RuntimeError("a request without a token was not refused")
    return token


def _named(name: str, own: Settings, shared: Settings) -> HttpCaller:
    """Return a caller with a separate store and folders, which are below the shared ones and named after the caller."""
    writes = tuple(folder / name if folder in shared.allow_write else folder for folder in own.allow_write)
    return HttpCaller(name, replace(own, allow_write=writes, store=own.store_below(name)))


def _check_apart(settings: Settings) -> None:
    """Refuse folders that all callers can read if they contain files or pictures of individual callers."""
    for readable in settings.allow:
        for option, folder in _kept(settings):
            if _contains(readable, folder) or _contains(folder, readable):
                raise SettingsError(
                    f"each caller could read other callers' files, because --allow {readable} and {option} "
                    f"{folder} overlap; use separate folders"
                )


def _check_holders(settings: Settings, holders: Mapping[str, TokenHolder]) -> None:
    """Refuse folders that one caller can read if they contain other callers' files or pictures."""
    for name, holder in holders.items():
        for readable in holder.allow:
            for option, folder in _kept(settings):
                own = folder / name if option == "--allow-write" else folder / "callers" / name
                inside = _contains(folder, readable) and not _contains(own, readable)
                if inside or _contains(readable, folder):
                    raise SettingsError(
                        f"the caller {name!r} could read other callers' files, because `allow` {readable} and "
                        f"{option} {folder} overlap; use a separate folder, or {own}"
                    )


def _kept(settings: Settings) -> list[tuple[str, Path]]:
    """Return the folders that contain callers' files and pictures, each with its option."""
    kept = [("--allow-write", folder) for folder in settings.allow_write]
    return kept + ([("--store", settings.store)] if isinstance(settings.store, Path) else [])


def _contains(folder: Path, other: Path) -> bool:
    return other.resolve().is_relative_to(folder.resolve())
