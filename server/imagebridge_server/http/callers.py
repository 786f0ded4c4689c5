"""Who is calling, and what this caller may do: each has a separate store and separate folders, below those of the server."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mcp.server.auth.provider import AccessToken, TokenVerifier

from imagebridge_server.settings import Settings, SettingsError

from .jwt_issuer import IssuerTokens, caller_name
from .token_file import TokenFile, TokenHolder


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """A caller: a unique name, empty if there is no authentication, and what the caller may do."""

    name: str
    settings: Settings


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
        SettingsError: the token file or the issuer is invalid, or callers could read what others save.
    """
    if settings.jwt:
        _check_apart(settings)
        issuer = IssuerTokens(settings.jwt, settings.audience or settings.public_url or "")
        return Callers(
            issuer, lambda token: _named(caller_name(issuer.issuer, _shown(token)), settings, settings)
        )
    if settings.tokens:
        _check_apart(settings)
        return _holders(TokenFile(settings.tokens), settings)
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
    """Return a caller with a separate store and folders: below the shared ones, in a folder of the caller's name."""
    writes = tuple(folder / name if folder in shared.allow_write else folder for folder in own.allow_write)
    return HttpCaller(name, replace(own, allow_write=writes, store=own.store_below(name)))


def _check_apart(settings: Settings) -> None:
    """Refuse folders that all callers can read if they contain what callers save or keep."""
    kept = [("--allow-write", folder) for folder in settings.allow_write]
    kept += [("--store", settings.store)] if isinstance(settings.store, Path) else []
    for readable in settings.allow:
        for option, folder in kept:
            first, second = readable.resolve(), folder.resolve()
            if first.is_relative_to(second) or second.is_relative_to(first):
                raise SettingsError(
                    f"each caller could read what others keep, because one of --allow {readable} and "
                    f"{option} {folder} contains the other; give separate folders"
                )
