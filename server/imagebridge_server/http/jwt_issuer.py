"""Verifies the JSON Web Tokens of callers with the keys of their issuer (see `issuer_keys.py`).

Requirements for tokens: RFC 9068 and RFC 8725; the audience: RFC 8707.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken, TokenVerifier
from pydantic import AnyHttpUrl
from starlette.authentication import AuthenticationError

from imagebridge.wire import is_list
from imagebridge_server.settings import SettingsError

from .issuer_keys import ALGORITHMS, IssuerKeys, SilentIssuerError, is_trusted_url

_LEEWAY = 30.0
"""The maximum difference between the clocks of two machines, in seconds."""

_LONGEST = 16_000
"""The maximum length of a token; servers accept headers of this size."""


class IssuerTokens(TokenVerifier):
    """Verifies the tokens of one issuer. The SDK calls `verify_token`.

    Args:
        issuer: the issuer's URL, exactly as it appears in tokens.
        audience: the audience that tokens must name. If it is a URL, its canonical form is accepted too, as in the metadata.

    Raises:
        SettingsError: the issuer's URL is invalid.
    """

    def __init__(self, issuer: str, audience: str) -> None:
        if not is_trusted_url(issuer):
            raise SettingsError(
                f"{issuer!r} is not an issuer URL: write it exactly as it appears in the issuer's tokens, such "
                "as https://login.example.com, with https:// unless the issuer runs on this machine"
            )
        self.issuer = issuer
        self._audiences = {audience, _canonical(audience)}
        self._keys = IssuerKeys(issuer)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the content of a token, or None if it is not for this server or no longer valid.

        Raises:
            AuthenticationError: the issuer does not provide its keys, so the token cannot be verified.
        """
        if len(token) > _LONGEST:
            return None
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, RecursionError):  # A stranger writes it, as deep as there is room.
            return None
        name, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALGORITHMS or not isinstance(name, str):
            return None
        try:
            key = await self._keys.key(name, algorithm)
        except SilentIssuerError as error:
            raise AuthenticationError(
                "the token issuer's keys cannot be fetched at the moment; try again later"
            ) from error
        try:
            return _access(token, self._judged(token, key)) if key else None
        except jwt.PyJWTError:
            return None

    def _judged(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audiences,
            issuer=self.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )


def _canonical(audience: str) -> str:
    """Return a URL in the form of the metadata's `resource` (RFC 8707, 2), and any other name unchanged."""
    try:
        return str(AnyHttpUrl(audience))
    except ValueError:
        return audience


def _access(token: str, claims: Mapping[str, Any]) -> AccessToken | None:
    subject, end = claims.get("sub"), claims["exp"]
    client = claims.get("client_id") or claims.get("azp") or subject
    # A token without a subject could be anybody's; and an expiry is a number (RFC 7519, 2), although the library accepts text.
    if not client or not isinstance(client, str) or not isinstance(subject or client, str):
        return None
    if not isinstance(end, int | float):
        return None
    return AccessToken(
        token=token,
        client_id=client,
        scopes=_scopes(claims),
        expires_at=int(end + _LEEWAY),  # The SDK checks it again, by this machine's clock.
        subject=subject,
        claims=dict(claims),
    )


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """Return the scopes, which are one string (RFC 9068) or, from some issuers, a list."""
    found: object = claims.get("scope", claims.get("scp", ""))
    return [str(one) for one in found] if is_list(found) else str(found).split()


def caller_name(issuer: str, token: AccessToken) -> str:
    """Return a name for a token's subject that is safe in paths and differs from every name in a token file.

    A client that acts for itself does not get the name of a user with the same identifier.
    """
    who = [issuer, token.subject] if token.subject else [issuer, None, token.client_id]
    return "jwt." + sha256(json.dumps(who).encode()).hexdigest()[:32]
