"""What it means when an HTTP request fails without an answer: whether it may have run, and what to do. Pure."""

import ssl
from typing import cast

import httpx2

from imagebridge.errors import short
from imagebridge.translate.sentences import location

from .http_errors import LOST, UNSENT

_UNREACHED = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
"""With these, there was no connection."""

_NEVER_SENT = (*_UNREACHED, httpx2.LocalProtocolError)
"""With these, nothing of a request has been sent."""

_CLOSED = ("Server disconnected", "peer closed connection")
"""How httpcore2 begins to say that a connection was closed too early (read in httpcore2 2.16 and h11 0.16)."""

_ANOTHERS = (62, 64)
"""OpenSSL's codes for the certificate of another host name or address (X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH)."""

_MOST_CAUSES = 10


def failure(
    error: Exception, url: httpx2.URL, server: str = "the server", *, has_auth: bool = False
) -> tuple[int, str]:
    """Return the JSON-RPC error code, `UNSENT` or `LOST`, and the words for a request to `url` that failed with `error`.

    `server` is what the words call the server. With `has_auth`, the client has an `httpx2.Auth`: what that does before and after
    the request may also have failed.
    """
    if has_auth and is_of_auth(error, url):
        if not isinstance(error, httpx2.RequestError):
            return UNSENT, f"authentication failed: {type(error).__name__}: {short(error, 200)}"
        return UNSENT, f"authentication failed: {location(str(_asked(error)))} {happened(error)}"
    return UNSENT if isinstance(error, _NEVER_SENT) else LOST, f"{server} {happened(error)}"


def is_of_auth(error: Exception, url: httpx2.URL) -> bool:
    """Return whether `error` comes from the client's `httpx2.Auth` or a request of its own, rather than from the request to `url`."""
    return not isinstance(error, httpx2.RequestError) or _asked(error) not in (None, url)


def _asked(error: httpx2.RequestError) -> httpx2.URL | None:
    """Return the address that the failed request was sent to, if the error knows it."""
    try:
        return error.request.url
    except RuntimeError:
        return None


def is_unreached(error: Exception) -> bool:
    """Return whether the connection itself failed."""
    return isinstance(error, _UNREACHED)


def happened(error: Exception) -> str:
    """Say what happened, as the rest of a sentence about the server."""
    if isinstance(error, _UNREACHED):
        return f"cannot be reached: {_why(error)}"
    if isinstance(error, httpx2.LocalProtocolError):
        # Its own words quote the header, which may be a token.
        return "was not sent the request: it is not valid HTTP; one of its headers may contain a line break"
    if isinstance(error, httpx2.TimeoutException):
        what = "take the request" if isinstance(error, httpx2.WriteTimeout) else "answer"
        return f"did not {what} in time"
    if isinstance(error, httpx2.NetworkError) or str(error).startswith(_CLOSED):
        return "closed the connection before it answered"
    return f"did not answer properly: {_why(error)}"


def _why(error: Exception) -> str:
    """Return the reason below the wrappers of the HTTP libraries, which often say only that all attempts failed."""
    inner: BaseException | None = error
    found: OSError | None = None
    for _ in range(_MOST_CAUSES):
        if isinstance(inner, BaseExceptionGroup):
            inner = cast("BaseExceptionGroup[BaseException]", inner).exceptions[0]
        if isinstance(inner, OSError) and inner.errno is not None:
            found = inner
        inner = inner and (inner.__cause__ or inner.__context__)
    if isinstance(found, ssl.SSLCertVerificationError):
        words = f"its certificate is not trusted ({found.verify_message.rstrip('.')}"
        if found.verify_code in _ANOTHERS:
            return f"{words})"
        return f"{words}; SSL_CERT_FILE can name the file of an authority of your own)"
    if isinstance(found, ssl.SSLError):
        return f"it does not speak TLS as expected ({found.reason or short(found, 200)}), so https:// may be wrong"
    if isinstance(found, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(error, httpx2.TimeoutException):
        return "it did not accept the connection in time"
    return short((found and found.strerror) or error, 200) or type(error).__name__
