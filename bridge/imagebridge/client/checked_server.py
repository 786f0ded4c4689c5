"""Checks for servers whose process cannot be started and for requests that cannot be sent, before either is tried. Pure."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from mcp import StdioServerParameters

_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The syntax of a token (RFC 9110, 5.6.2)."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_LAST_PORT = 65_535


def process_problem(server: "StdioServerParameters") -> str:
    """Return why a process cannot be started this way, or an empty string if it can."""
    places = [("its command", server.command)]
    places += [(f"its argument {number}", text) for number, text in enumerate(server.args, 1)]
    places += [("its folder", str(server.cwd or ""))]
    for name, value in (server.env or {}).items():
        places += [("the name of a variable", name), (f"the variable {name!a}", value)]
        if "=" in name:
            return f"cannot be started: {name!a} is not a valid variable name, because it contains an equals sign"
    for place, text in places:
        if "\0" in text:
            return f"cannot be started: {place} contains a NUL character, which cannot be passed to a program"
        try:
            os.fsencode(text)
        except UnicodeEncodeError as error:
            half = ascii(text[error.start])
            return f"cannot be started: {place} contains {half}, which this system cannot encode"
    return ""


def http_problem(address: str, headers: Mapping[str, str]) -> str:
    """Return the problem with an address or headers, or an empty string. Header values are never quoted."""
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, UnicodeError) as error:
        why = (
            "it contains half of a surrogate pair"
            if isinstance(error, UnicodeError)
            else str(error).rstrip(".")
        )
        return f"its address is not a URL: {why}"
    if url.scheme not in ("http", "https") or not url.host:
        return "its address is not a server address; it must start with http:// or https:// and a host"
    # httpx2 omits the default port.
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        return f"its address names port {url.port}; a port must be from 1 to {_LAST_PORT}"
    return headers_problem(headers)


def headers_problem(headers: Mapping[str, str]) -> str:
    """Return the problem with headers, or an empty string. Values are never quoted."""
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name):
            return f"{name!a} is not a valid header name"
        if _CONTROL.search(value) or value != value.strip():
            return (
                f"its header {name} contains a line break or another character that headers cannot contain, "
                "or has spaces around its value"
            )
        if not value.isascii():
            return f"its header {name} contains non-ASCII characters"
    return ""


def openai_problem(environment: Mapping[str, str]) -> str:
    """Return the problem with the key or address that the OpenAI SDK reads from the environment, or an empty string.

    The SDK's own error quotes the key if it contains a line break.
    """
    key, address = (environment.get(name, "") for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"))
    if not key.isascii() or _CONTROL.search(key) or key != key.strip():
        return (
            "OPENAI_API_KEY contains a character that keys never contain: a space at either end, a line "
            "break or a non-ASCII character; copy the key again"
        )
    if address and (problem := http_problem(address, {})):
        return f"OPENAI_BASE_URL is not usable: {problem}"
    return ""
