"""Callers with JSON Web Tokens of an issuer: its metadata leads to its keys, and tokens are verified here.

Requirements for tokens: RFC 9068 and RFC 8725; discovery of the issuer: RFC 8414 and OpenID Connect Discovery, as required
by MCP's page on authorization (2025-11-25 and 2026-07-28); the audience: RFC 8707.
"""

import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
from mcp.client.auth.utils import build_oauth_authorization_server_metadata_discovery_urls
from mcp.server.auth.provider import AccessToken, TokenVerifier
from starlette.authentication import AuthenticationError

from imagebridge.client.threads import in_thread
from imagebridge.relay.listening import is_loopback
from imagebridge.wire import is_json, is_list
from imagebridge_server.settings import SettingsError

_LOG = logging.getLogger("imagebridge.http")

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that a public key verifies. With a shared secret, anyone who knows the public key could sign."""

_SECONDS = 5.0
"""Seconds that the issuer has to answer, because requests wait for it."""

_LEEWAY = 30.0
"""Seconds by which clocks may differ."""

_LONGEST = 16_000
"""The most characters of a token; servers accept headers of this size."""


class IssuerTokens(TokenVerifier):
    """The tokens of one issuer. The SDK calls `verify_token`.

    Args:
        issuer: its URL, exactly as in its tokens.
        audience: the audience that tokens must name.

    Raises:
        SettingsError: the issuer's URL is invalid.
    """

    def __init__(self, issuer: str, audience: str) -> None:
        try:
            url = urlsplit(issuer)
        except ValueError:  # It begins like one.
            url = urlsplit("")
        local = url.hostname == "localhost" or is_loopback(url.hostname or "")
        if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and local)):
            raise SettingsError(
                f"{issuer!r} is not the URL of an issuer: write it exactly as in its tokens, such as "
                "https://login.example.com"
            )
        self.issuer = issuer
        self._audience = audience
        self._keys: jwt.PyJWKClient | None = None

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the content of a token, or None if it is not for this server or no longer valid.

        Raises:
            AuthenticationError: the issuer does not provide its keys, so the token cannot be verified.
        """
        if len(token) > _LONGEST:
            return None
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        number = header.get("kid")
        if header.get("alg") not in _ALGORITHMS or not isinstance(number, str):
            return None
        keys = await self._found_keys()
        try:
            key = await in_thread(lambda: keys.get_signing_key(number))
            claims = self._judged(token, key)
        except (jwt.PyJWKClientConnectionError, ValueError, jwt.PyJWKSetError) as error:
            raise self._unknown(error) from error
        except jwt.PyJWTError:
            return None
        return _access(token, claims)

    def _judged(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[one for one in _ALGORITHMS if one == key.algorithm_name],
            audience=self._audience,
            issuer=self.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )

    async def _found_keys(self) -> jwt.PyJWKClient:
        """Return the address of the issuer's keys, from its metadata."""
        if self._keys is None:
            try:
                self._keys = jwt.PyJWKClient(await self._keys_url(), timeout=_SECONDS)
            except (httpx2.HTTPError, ValueError, jwt.PyJWTError) as error:
                raise self._unknown(error) from error
        return self._keys

    async def _keys_url(self) -> str:
        problem = "it has no metadata"
        async with httpx2.AsyncClient(timeout=_SECONDS) as client:
            for url in build_oauth_authorization_server_metadata_discovery_urls(self.issuer, self.issuer):
                answer = await client.get(url)
                found: object = answer.json() if answer.status_code == 200 else None
                if not is_json(found):
                    continue
                # Another issuer's metadata must not be accepted for this one's (RFC 8414, 3.3).
                if found.get("issuer") != self.issuer:
                    problem = "its metadata names a different issuer"
                elif isinstance(place := found.get("jwks_uri"), str):
                    return place
        raise ValueError(problem)

    def _unknown(self, error: Exception) -> AuthenticationError:
        _LOG.warning("cannot get the keys of the issuer %s: %s", self.issuer, error)
        return AuthenticationError(
            "the keys of the token issuer cannot be fetched at the moment; try again later"
        )


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
    """Return the scopes: a text (RFC 9068), or a list, as some issuers send."""
    found: object = claims.get("scope", claims.get("scp", ""))
    return [str(one) for one in found] if is_list(found) else str(found).split()


def caller_name(issuer: str, token: AccessToken) -> str:
    """Return the name of a token's subject: safe in paths, and different from every name in a token file."""
    who = f"{issuer}\0{token.subject or token.client_id}"
    return "jwt." + sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:32]
