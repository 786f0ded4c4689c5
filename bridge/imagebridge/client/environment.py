"""The part of this process's environment that a server started as a child process receives. Pure."""

import os
import re
import sys
from collections.abc import Mapping

from mcp.client.stdio import DEFAULT_INHERITED_ENV_VARS

_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY")
_CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
)
_LOCALE = ("LANG", "LANGUAGE", "TZ")

_PASSED = frozenset((*DEFAULT_INHERITED_ENV_VARS, *_DESKTOP, *_PROXIES, "NO_PROXY", *_CERTIFICATES, *_LOCALE))
_FAMILIES = ("XDG_", "LC_")

_SECRET = re.compile("KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|COOKIE", re.IGNORECASE)
"""A variable with one of these words in its name is withheld from servers, whatever else the name contains."""

_SCHEME = r"(?:[a-z][a-z0-9+.-]*:)?//"
_USER = re.compile(rf"^({_SCHEME}|(?!{_SCHEME}))([^:]*):.*@([^@]*)$", re.IGNORECASE | re.DOTALL)
"""A proxy's address with a user and a password, which may contain any character."""

UNHEARD = (
    "It received only some of this process's environment variables: those for paths, the desktop, proxies, "
    "certificates and the language. If it needs another one, pass it: --env NAME, Bridge(env=...), or "
    "`env` in its configuration"
)
"""The advice shown when a server does not start."""


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that every child process receives: no key, token, secret or password, even in a proxy's address.

    A server that is started manually receives everything, so it may work there and fail here for lack of a
    display, a proxy or a certificate (2026-11). The SDK's own list contains only paths and the user's name.
    """
    return {
        name: _without_password(value) if name.upper() in _PROXIES else value
        for name, value in environment.items()
        # A value that begins with () is a shell function, which is a risk (as in the SDK).
        if _passes(name) and not _SECRET.search(name) and not value.startswith("()")
    }


def own(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that only our own server receives in addition: those of OpenAI's SDK, and ours."""
    return {key: value for key, value in environment.items() if key.startswith(("OPENAI_", "IMAGEBRIDGE_"))}


def child(named: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child process, with the variables that its user has named for it."""
    return inherited(os.environ) | dict(named)


def _passes(name: str) -> bool:
    # Windows ignores case in names; programs elsewhere look for proxies in both cases.
    upper = name.upper()
    known = upper if sys.platform == "win32" or upper.endswith("_PROXY") else name
    return known in _PASSED or known.startswith(_FAMILIES)


def _without_password(address: str) -> str:
    return _USER.sub(r"\1\2@\3", address)
