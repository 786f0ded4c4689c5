"""The host names under which a server may be called, and the web pages that may call it (Host and Origin headers)."""

import pytest

from imagebridge.relay.listening import Address, Sites


def status(sites, host, origin=None):
    """Return the status of what a request is refused with, None where it is not."""
    refused = sites.refusal(host or "", origin or "")
    return refused and refused.status_code


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8000", True),
        ("127.0.0.2:8000", True),
        ("localhost", True),
        ("localhost:", True),
        ("LocalHost:8000", True),
        ("localhost.", True),
        ("localhost.:8000", True),
        ("[::1]", True),
        ("[::1]:8000", True),
        ("[0:0:0:0:0:0:0:1]:8000", True),
        ("pictures.example", True),
        ("PICTURES.example.:443", True),
        ("[2001:db8::7]:80", True),
        ("[2001:DB8:0::7]", True),
        ("", False),
        (None, False),
        ("evil.example", False),
        ("pictures.example.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8000", False),
        ("localhost:evil", False),
        ("localhost:80@evil.example", False),
        ("user@localhost", False),
        ("localhost/..", False),
        ("evil.example localhost", False),
        ("[::1", False),
        ("::1", False),
        ("[::2]", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost..", False),
    ],
)
def test_a_server_goes_by_its_names_alone(host, known):
    sites = Sites(["pictures.example", "2001:db8::7"])
    assert status(sites, host) == (None if known else 421)


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (None, True),
        ("", True),
        ("http://localhost", True),
        ("https://localhost:8443", True),
        ("http://LOCALHOST:6274", True),
        ("http://127.0.0.1:6274", True),
        ("http://[::1]:6274", True),
        ("https://host.example", True),
        ("https://HOST.example", True),
        ("https://pictures.example", True),
        ("https://host.example:8443", False),
        ("http://host.example", False),
        ("https://host.example.evil.example", False),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost:6274.evil.example", False),
        ("http://localhost:6274@evil.example", False),
        ("http://127.0.0.1evil.example", False),
        ("chrome-extension://abcdef", False),
        ("file://", False),
        ("null", False),
        ("pictures.example", False),
        ("http://[::1", False),
    ],
)
@pytest.mark.parametrize("checks", [True, False])
def test_a_page_asks_only_where_it_may(origin, may, checks):
    sites = Sites(["pictures.example"], ["https://host.example"], checks=checks)
    assert status(sites, "pictures.example", origin) == (None if may else 403)


@pytest.mark.parametrize(
    ("host", "origin", "checks", "refused"),
    [
        ("pictures.example:8000", "http://pictures.example:8000", True, None),
        ("Pictures.example:8000", "http://pictures.example:8000", True, None),
        ("pictures.example:8000", "http://pictures.example", True, 403),
        ("evil.example:8000", "http://evil.example:8000", True, 421),
        # Its name may point here for a moment, where no certificate says whose it is.
        ("evil.example:8000", "http://evil.example:8000", False, 403),
        ("10.0.0.7:8000", "http://10.0.0.7:8000", False, None),
        ("[2001:db8::7]:8000", "http://[2001:db8::7]:8000", False, None),
        ("any.example", "https://any.example", False, None),
        ("any.example", None, False, None),
        (None, None, False, None),
        ("an error", "http://an error", False, 403),
    ],
)
def test_a_page_of_the_servers_own_site_may_ask(host, origin, checks, refused):
    assert status(Sites(["pictures.example"], checks=checks), host, origin) == refused


def test_what_is_refused_is_told_with_what_lets_it_in():
    sites = Sites(fixes=("; start it with --name", "; start it with --page"))
    refused = [sites.refusal("a.example", ""), sites.refusal("localhost", "https://a.example")]
    told = [bytes(one.body).decode() for one in refused]
    assert told == [
        "the name in the Host header is not one of this server's; start it with --name",
        "the web page in the Origin header may not send requests; start it with --page",
    ]


@pytest.mark.parametrize("text", ["127.0.0.1:0", "127.0.0.2:0", "[::1]:0", "localhost:0"])
def test_an_address_of_this_machine_is_asked_by_the_name_that_it_tells(text):
    address = Address.parsed(text)
    assert address.is_local
    host = text.rpartition(":")[0]
    assert status(Sites([address.host]), f"{host}:8000") is None
