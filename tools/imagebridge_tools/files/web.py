"""Web: fetches files from https addresses of public hosts."""

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import anyio

from imagebridge.errors import ArgumentError
from imagebridge.facts.addresses import SPECIAL
from imagebridge.translate.sentences import amount
from imagebridge.wire import paired

if TYPE_CHECKING:
    import ssl

    from httpcore2 import AsyncNetworkBackend, Response

SECONDS = 30.0
"""The time limit for a whole fetch, in seconds: name resolution, connections, redirects and the file."""

REDIRECTS = 4
"""The maximum number of redirects that are followed; each is checked like the first address."""

TRIED, CONNECTION_SECONDS = 4, 5.0
"""The maximum number of a host's addresses that are tried, and the time limit for connecting to one, in seconds."""

_PATH = "/%:@!$&'()*+,;=~-._"
"""Characters that are not percent-encoded again."""

_HEADERS = (
    (b"Accept", b"image/*, application/pdf;q=0.9, text/*;q=0.8, */*;q=0.5"),
    # An uncompressed response cannot expand beyond what was checked.
    (b"Accept-Encoding", b"identity"),
    (b"User-Agent", b"imagebridge"),
    (b"Connection", b"close"),
)
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20\x7f]")
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""The range of all public IPv6 addresses (RFC 4291; IANA assigns no others)."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A function that returns the addresses of a host and port."""


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses to which the system resolves `host`."""
    answers = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Fetches files over https. Names are resolved once, and the connection goes to the address that was checked.

    No proxy, cookie or password is used. `resolve`, `backend` and `context` replace the system's resolver,
    network and certificates.
    """

    seconds: float = SECONDS
    resolve: Resolve = resolved
    backend: "AsyncNetworkBackend | None" = None
    context: "ssl.SSLContext | None" = None

    async def fetched(self, url: str, limit: int, argument: str) -> bytes:
        """Return the content of the file at `url`, up to `limit` bytes.

        Raises:
            ArgumentError: the address is not https or not public, or does not return a file within the limits.
        """
        import httpcore2

        try:
            with anyio.fail_after(self.seconds):
                return await self._followed(paired(url), limit)
        except TimeoutError:
            problem = f"took longer than {self.seconds:g} seconds"
        except _RefusedError as error:
            problem = str(error)
        except httpcore2.TimeoutException:
            problem = "did not answer in time"
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            problem = f"cannot be fetched ({str(error)[:120] or type(error).__name__})"
        raise ArgumentError(argument, f"{_safe_url(url)} {problem}")

    async def _followed(self, url: str, limit: int) -> bytes:
        for _ in range(REDIRECTS + 1):
            reply = await self._file_or_redirect(url, limit)
            if isinstance(reply, bytes):
                return reply
            url = reply
        raise _RefusedError(f"was redirected more than {REDIRECTS} times")

    async def _file_or_redirect(self, url: str, limit: int) -> bytes | str:
        """Return the file, or the address to which the server redirects."""
        import httpcore2

        parts = _checked(url)
        host, port = _host(parts), parts.port or 443
        addresses = await self._addresses(host, port)
        host_header = f"[{host}]" if ":" in host else host
        headers = [(b"Host", (host_header if port == 443 else f"{host_header}:{port}").encode()), *_HEADERS]
        target = quote(parts.path or "/", safe=_PATH)
        if parts.query:
            target += "?" + quote(parts.query, safe=_PATH + "?[]")
        failed: Exception | None = None
        for address in addresses[:TRIED]:
            # By its address, so that the name is not resolved again. The certificate is checked against the name.
            direct = httpcore2.URL(scheme=b"https", host=address.encode(), port=port, target=target.encode())
            extensions = {"sni_hostname": host, "timeout": {"connect": CONNECTION_SECONDS}}
            try:
                async with (
                    httpcore2.AsyncConnectionPool(
                        ssl_context=self.context, network_backend=self.backend
                    ) as pool,
                    pool.stream("GET", direct, headers=headers, extensions=extensions) as response,
                ):
                    if response.status in (301, 302, 303, 307, 308):
                        return _next(url, _header(response, b"location"))
                    return await _body(response, limit)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or _RefusedError("cannot be reached")

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host after checking that all of them are public."""
        try:
            addresses = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise _RefusedError("has an unknown host") from error
        if not addresses or not all(public(address) for address in addresses):
            raise _RefusedError("does not lead to a public address; only public hosts are contacted")
        return addresses


class _RefusedError(Exception):
    """An address may not be fetched; the message continues a sentence that starts with the address."""


def public(address: str) -> bool:
    """Return whether an IP address, or the IPv4 address that an IPv6 address represents, is on the public internet."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _UNICAST:
            return False
    # A network contains no address of the other version.
    return not any(ip in network for network in SPECIAL)


def name(url: str) -> str:
    """Return a short name for the file at `url`: its last part, or the host."""
    try:
        parts = urlsplit(url)
        return PurePosixPath(unquote(parts.path)).name[:100] or _host(parts)
    except (ValueError, _RefusedError):
        return "https address"


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.port == 0:
            raise ValueError("port 0")
    except ValueError as error:
        raise _RefusedError("is not a valid address") from error
    if parts.scheme.lower() != "https":
        raise _RefusedError(f"is a {parts.scheme[:20] or 'no'}: address; only https: addresses are fetched")
    if parts.username is not None or parts.password is not None:
        raise _RefusedError("contains a user name or password; give the address without it")
    return parts


def _host(parts: SplitResult) -> str:
    """Return the host in the form used for name resolution, with names in other scripts converted to ASCII."""
    host = parts.hostname or ""
    if not host:
        raise _RefusedError("has no host")
    # The resolver would stop at a NUL, and the TLS library refuses one.
    if _NOT_IN_HOSTS.search(host):
        raise _RefusedError("has an invalid host")
    try:
        return host if ":" in host else host.encode("idna").decode()
    except UnicodeError as error:
        raise _RefusedError("has an invalid host") from error


def _safe_url(url: str) -> str:
    """Return the address in a form that is safe for messages: without a password, and not too long."""
    address = url.split("#")[0].split("?")[0]
    start, at, rest = address.partition("@")
    return repr((f"https://{rest}" if at and "/" not in start[8:] else address)[:200])


def _header(response: "Response", name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _next(url: str, named: str) -> str:
    """Return the address that a redirect names; relative ones are resolved against `url`."""
    if not named:
        raise _RefusedError("redirects without saying where")
    try:
        return urljoin(url, named)
    except ValueError as error:
        raise _RefusedError("redirects to an invalid address") from error


async def _body(response: "Response", limit: int) -> bytes:
    if response.status != 200:
        raise _RefusedError(f"returned status {response.status}")
    if (packed := _header(response, b"content-encoding").strip().lower()) not in ("", "identity"):
        raise _RefusedError(f"is compressed as {packed[:20]}, which is not supported")
    problem = f"is larger than {amount(limit)}, which is the limit"
    if re.fullmatch("[0-9]{1,20}", length := _header(response, b"content-length")) and int(length) > limit:
        raise _RefusedError(problem)
    data = bytearray()
    async with aclosing(response.aiter_stream()) as chunks:
        async for chunk in chunks:
            data += chunk
            if len(data) > limit:
                raise _RefusedError(problem)
    return bytes(data)
