"""Fetches the public keys of an issuer of JSON Web Tokens, which its metadata points to, once for all waiting requests.

Discovery of the issuer: RFC 8414 and OpenID Connect Discovery, as required by MCP's page on authorization (2025-11-25 and
2026-07-28); keys: RFC 7517.
"""

import logging
import math
from collections.abc import Sequence
from urllib.parse import urlsplit

import anyio
import httpx2
import jwt
from mcp.client.auth.utils import build_oauth_authorization_server_metadata_discovery_urls

from imagebridge.relay.listening import is_loopback
from imagebridge.wire import JSON, is_json, is_list

_LOG = logging.getLogger("imagebridge.http")

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS = (*_RSA, "ES256", "ES384", "ES512", "EdDSA")
"""Signature algorithms with public keys. With a shared secret, anyone who knows the public key could sign."""

_SECONDS = 5.0
"""Seconds that the issuer has to answer; requests wait for it."""

_FRESH = 300.0
"""Seconds after which keys are fetched again."""

_STALE = 3_600.0
"""Seconds for which keys are still used while the issuer does not answer. It may have revoked one in the meantime."""

_PAUSE = 5.0
"""The minimum number of seconds between requests to the issuer, so that tokens with made-up keys do not flood it."""


class SilentIssuerError(Exception):
    """The issuer does not provide its keys; the message says why, for the operator."""


class IssuerKeys:
    """The keys of one issuer.

    issuer: the issuer's URL, exactly as it appears in tokens.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._url: str | None = None
        self._keys: dict[tuple[str, str], jwt.PyJWK] = {}
        self._fetched = self._asked = -math.inf
        self._times_asked = 0
        self._problem = ""
        self._asking = anyio.Lock()

    async def key(self, name: str, algorithm: str) -> jwt.PyJWK | None:
        """Return the key with a name (`kid`) for an algorithm, None if the issuer has no such key.

        Raises:
            SilentIssuerError: the issuer does not provide its keys.
        """
        at = name, algorithm
        age = anyio.current_time() - self._fetched
        if not (at in self._keys and (age < _FRESH or self._is_kept_while_asking(age))):
            await self._ask(known=at in self._keys and age < _STALE)
        if anyio.current_time() - self._fetched < _STALE and at in self._keys:
            return self._keys[at]
        if self._problem:
            raise SilentIssuerError(self._problem)
        return None

    def _is_kept_while_asking(self, age: float) -> bool:
        """Return whether to use an older key at once, because another request is fetching keys or has just tried to."""
        return age < _STALE and (self._asking.locked() or anyio.current_time() < self._asked + _PAUSE)

    async def _ask(self, *, known: bool) -> None:
        """Fetch the keys, unless another request has just fetched them."""
        before = self._times_asked
        async with self._asking:
            paused = anyio.current_time() < self._asked + _PAUSE
            if self._times_asked > before or (paused and (known or not self._problem)):
                return
            try:
                with anyio.fail_after(_SECONDS):
                    self._keys = await self._fetch()
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TimeoutError) as error:
                self._problem = str(error) or "it did not answer in time"
                # The keys may have moved.
                self._url = None
                _LOG.warning("cannot get the keys of issuer %s: %s", self._issuer, self._problem)
            else:
                self._problem, self._fetched = "", anyio.current_time()
            self._times_asked += 1
            self._asked = anyio.current_time()

    async def _fetch(self) -> dict[tuple[str, str], jwt.PyJWK]:
        async with httpx2.AsyncClient(timeout=_SECONDS) as client:
            self._url = self._url or await self._keys_url(client)
            found = await _json(client, self._url)
        if found is None:
            raise ValueError("its keys are not at the URL in its metadata")
        keys = _by_name(found)
        if not keys:
            raise ValueError("it has no public keys for verifying signatures")
        return keys

    async def _keys_url(self, client: httpx2.AsyncClient) -> str:
        problem = "it has no metadata"
        for url in build_oauth_authorization_server_metadata_discovery_urls(self._issuer, self._issuer):
            found = await _json(client, url)
            if found is None:
                continue
            # Another issuer's metadata must not pass for this one's (RFC 8414, 3.3).
            place = found.get("jwks_uri")
            if found.get("issuer") != self._issuer:
                problem = "its metadata names a different issuer"
            elif not isinstance(place, str) or not is_trusted_url(place):
                problem = "its metadata does not give an https URL for its keys"
            else:
                return place
        raise ValueError(problem)


def is_trusted_url(url: str) -> bool:
    """Return whether a URL is sure to reach the server that it names: over https, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # It begins like one.
        return False
    is_local = host == "localhost" or is_loopback(host)
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_local))


async def _json(client: httpx2.AsyncClient, url: str) -> JSON | None:
    answer = await client.get(url)
    found: object = answer.json() if answer.status_code == 200 else None
    return found if is_json(found) else None


def _by_name(found: JSON) -> dict[tuple[str, str], jwt.PyJWK]:
    """Return the usable keys of a key set, by name and algorithm."""
    keys: dict[tuple[str, str], jwt.PyJWK] = {}
    told = found.get("keys")
    for one in told if is_list(told) else ():
        name = one.get("kid") if is_json(one) else None
        if not is_json(one) or not isinstance(name, str) or one.get("use") not in (None, "sig"):
            continue
        for algorithm in _algorithms(one):
            try:
                made = jwt.PyJWK(dict(one), algorithm)
            except jwt.PyJWTError:
                continue
            if made.algorithm_name in ALGORITHMS:
                keys.setdefault((name, made.algorithm_name), made)
    return keys


def _algorithms(key: JSON) -> Sequence[str | None]:
    """Return a key's algorithms: the one it names, all of its type, or None if its curve decides (RFC 7517, 4.4)."""
    if key.get("alg") is not None:
        return [str(key["alg"])]
    return _RSA if key.get("kty") == "RSA" else [None]
