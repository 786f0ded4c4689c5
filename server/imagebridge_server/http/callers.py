"""Who asks, and what this caller may do: each has an own store and own folders, below those of the server."""

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
    """Who asks: a name that no other caller has, empty where nobody is asked for one, and what this one may do."""

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Callers:
    """How callers show who they are, and who they are then.

    verifier: tells whose token one is; None where nobody is asked.
    """

    verifier: TokenVerifier | None
    of: Callable[[AccessToken | None], HttpCaller]


def callers(settings: Settings) -> Callers:
    """Return the callers that the settings know.

    Raises:
        SettingsError: the file of tokens or the issuer cannot be right, or callers would read what others save.
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
        raise RuntimeError("a request got this far without a token")
    return token


def _named(name: str, own: Settings, shared: Settings) -> HttpCaller:
    """Return a caller with a store and folders of its own: below the shared ones, in a folder of its name."""
    writes = tuple(folder / name if folder in shared.allow_write else folder for folder in own.allow_write)
    return HttpCaller(name, replace(own, allow_write=writes, store=own.store_below(name)))


def _check_apart(settings: Settings) -> None:
    """Refuse folders that all callers read, where these hold what each of them saves or keeps."""
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
