"""Web: which addresses are fetched over https, and which never are."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import httpcore2
import pytest
import trustme

from imagebridge.errors import ArgumentError
from imagebridge.facts.addresses import SPECIAL
from imagebridge_tools.files.source import Places, opened
from imagebridge_tools.files.web import Web, name, public

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_loop")]

HOST, ADDRESS, DEAD = "pictures.example", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, chunks = self.server.answers[unquote(self.path.partition("?")[0])]
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        for chunk in chunks:
            if isinstance(chunk, threading.Event):
                chunk.wait(600)
            else:
                self.wfile.write(chunk)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """The client hangs up where it is told too much."""


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority):
    with Server(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.stop = threading.Event()
        endless = [b"x" * 1000] * 100
        server.answers = {
            "/a.png": (200, {}, [b"picture"]),
            "/cut\ufffd": (200, {}, [b"picture"]),
            "/b c.png": (200, {"Content-Length": "7"}, [b"picture"]),
            "/moved": (302, {"Location": "/a.png"}, []),
            "/away": (301, {"Location": "https://other.example/a.png"}, []),
            "/loopback": (302, {"Location": "https://127.0.0.1/a.png"}, []),
            "/metadata": (307, {"Location": "https://inside.example/latest"}, []),
            "/plain": (302, {"Location": "http://pictures.example/a.png"}, []),
            "/file": (302, {"Location": "file:///etc/passwd"}, []),
            "/circle": (302, {"Location": "/circle"}, []),
            "/nowhere": (302, {}, []),
            "/illegal": (302, {"Location": "https://[::1/a.png"}, []),
            "/missing": (404, {}, [b"no"]),
            "/large": (200, {}, endless),
            "/honest": (200, {"Content-Length": "100000"}, endless),
            "/endless": (200, {"Content-Length": "9" * 5_000}, [b"x"]),
            "/packed": (200, {"Content-Encoding": "gzip"}, [b"\x1f\x8b"]),
            "/slow": (200, {}, [b"x", server.stop]),
        }
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


class Network(httpcore2.AsyncNetworkBackend):
    """Connects to the server, whatever the address, and notes it."""

    def __init__(self, port):
        from httpcore2 import AnyIOBackend

        self.real, self.port, self.connected = AnyIOBackend(), port, []

    async def connect_tcp(self, host, port, **choices):
        self.connected.append((host, port))
        if host == DEAD:
            raise httpcore2.ConnectError("no route")
        return await self.real.connect_tcp("127.0.0.1", self.port, **choices)


@pytest.fixture
def network(server):
    server.asked.clear()
    return Network(server.server_port)


@pytest.fixture
def web(authority, network):
    names = {
        HOST: [ADDRESS],
        "other.example": [ADDRESS],
        "inside.example": ["169.254.169.254"],
        "127.0.0.1": ["127.0.0.1"],
        "both.example": [ADDRESS, "10.0.0.1"],
        "empty.example": [],
        DEAD: [DEAD],
    }
    asked = []

    async def resolve(host, port):
        asked.append(host)
        if host not in names:
            raise OSError("no such host")
        return names[host]

    context = ssl.create_default_context()
    authority.configure_trust(context)
    made = Web(resolve=resolve, backend=network, context=context, seconds=10)
    return made, asked, names


async def fetched(web, path, limit=50_000):
    url = path if ":" in path else f"https://{HOST}{path}"
    return await web[0].fetched(url, limit, "source")


async def problem(web, path, limit=50_000):
    with pytest.raises(ArgumentError) as caught:
        await fetched(web, path, limit)
    assert caught.value.argument == "source"
    return caught.value.problem


class TestWhatIsFetched:
    @pytest.mark.parametrize(
        "path",
        ["/a.png", "/b c.png", "/b%20c.png", "/moved", "/a.png?size=1&x=[2]#part", "/cut\ud83d?\ude00"],
    )
    async def test_a_file(self, web, path):
        assert await fetched(web, path) == b"picture"

    async def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_once(
        self, web, server, network
    ):
        await fetched(web, "/a.png")
        assert web[1] == [HOST]
        assert network.connected == [(ADDRESS, 443)]
        ((path, headers),) = server.asked
        assert path == "/a.png"
        assert headers["Host"] == HOST
        assert headers["Accept-Encoding"] == "identity"
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)

    async def test_a_name_that_changes_its_address_is_checked_anew_at_each_redirect(self, web, network):
        answers = iter([[ADDRESS], ["127.0.0.1"]])

        async def rebound(host, port):
            return next(answers)

        changed = Web(resolve=rebound, backend=network, context=web[0].context)
        with pytest.raises(ArgumentError, match="does not lead to a public address"):
            await changed.fetched(f"https://{HOST}/moved", 1000, "source")
        assert network.connected == [(ADDRESS, 443)]

    async def test_the_next_address_where_one_does_not_answer(self, web, network):
        web[2][HOST] = [DEAD, ADDRESS]
        assert await fetched(web, "/a.png") == b"picture"
        assert network.connected == [(DEAD, 443), (ADDRESS, 443)]

    async def test_another_port_is_named_to_the_host(self, web, server, network):
        await fetched(web, f"https://{HOST}:8443/a.png")
        assert network.connected == [(ADDRESS, 8443)]
        assert server.asked[0][1]["Host"] == f"{HOST}:8443"

    async def test_as_a_source(self, web):
        found = await opened(f"https://{HOST}/a.png", Places(web=web[0]))
        assert found == ("a.png", b"picture", f"https://{HOST}/a.png")


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("https://127.0.0.1/a.png", "does not lead to a public address"),
            ("https://inside.example/a.png", "does not lead to a public address"),
            ("https://both.example/a.png", "does not lead to a public address"),
            ("https://empty.example/a.png", "does not lead to a public address"),
            ("https://unknown.example/a.png", "has an unknown host"),
            ("https:///a.png", "has no host"),
            ("https://user:secret@pictures.example/a.png", "contains a user name or password"),
            ("https://pictures.example:99999/", "is not a valid address"),
            ("https://[::1/a.png", "is not a valid address"),
            ("https://\u2603" + "x" * 70 + ".example/", "has an invalid host"),
            ("https://pictures.example\0/a.png", "has an invalid host"),
            ("https://pictures.example\0.other.example/a.png", "has an invalid host"),
            ("https://other .example/a.png", "has an invalid host"),
            ("http://pictures.example/a.png", "is a http: address; only https: addresses are fetched"),
        ],
    )
    async def test_addresses(self, web, network, path, words):
        said = await problem(web, path)
        assert words in said
        assert "secret" not in said
        assert network.connected == []

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("/loopback", "does not lead to a public address"),
            ("/metadata", "does not lead to a public address"),
            ("/plain", "is a http: address"),
            ("/file", "is a file: address"),
            ("/circle", "was redirected more than 4 times"),
            ("/nowhere", "redirects without saying where"),
            ("/illegal", "redirects to an invalid address"),
            ("/missing", "returned status 404"),
            ("/large", "is larger than 50 kB"),
            ("/honest", "is larger than 50 kB"),
            ("/endless", "cannot be fetched (bad Content-Length)"),
            ("/packed", "is compressed as gzip"),
            (
                "/away",
                "cannot be fetched (",
            ),
            ("https://other.example/a.png", "cannot be fetched ("),
        ],
    )
    async def test_answers(self, web, network, path, words):
        assert words in await problem(web, path)
        assert {host for host, _ in network.connected} == {ADDRESS}

    async def test_a_server_that_never_ends(self, web, network):
        slow = Web(resolve=web[0].resolve, backend=network, context=web[0].context, seconds=0.5)
        with pytest.raises(ArgumentError, match=r"took longer than 0\.5 seconds"):
            await slow.fetched(f"https://{HOST}/slow", 1000, "source")

    async def test_a_certificate_that_nobody_here_trusts(self, web, network):
        strict = Web(resolve=web[0].resolve, backend=network)
        with pytest.raises(ArgumentError, match="cannot be fetched"):
            await strict.fetched(f"https://{HOST}/a.png", 1000, "source")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
    async def test_loopback_by_any_name_as_the_system_resolves_it(self, network, host):
        with pytest.raises(ArgumentError, match=r"does not lead to a public address|is not known"):
            await Web(backend=network).fetched(f"https://{host}/a.png", 1000, "source")
        assert network.connected == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (ADDRESS, True),
        ("8.8.8.8", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("2002:808:808::1", False),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::808:808", False),
        ("2002:7f00:1::", False),
        ("2002:a00:1::1", False),
        ("2001:0:808:808::1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("3fff:fff:ffff::1", False),
        ("100:0:0:1::1", False),
        ("192.88.99.1", False),
        ("168.63.129.16", False),
        ("168.63.129.17", True),
        ("::ffff:168.63.129.16", False),
        ("64:ff9b::a83f:8110", False),
        ("2002:a83f:8110::1", False),
        ("::ffff:192.88.99.1", False),
        ("2606:4700::1111", True),
        ("not an address", False),
    ],
)
def test_public_addresses(address, expected):
    assert public(address) is expected


@pytest.mark.parametrize("network", SPECIAL, ids=str)
def test_no_address_of_a_special_block_is_public(network):
    assert not public(str(network[0]))
    assert not public(str(network[-1]))
    if network.version == 4:
        for form in ("::ffff:{}", "64:ff9b::{}"):
            assert not public(form.format(network[-1]))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x/My%20cat.png?w=1", "My cat.png"),
        ("https://a.example/", "a.example"),
        ("https://a.example", "a.example"),
        ("https://[::1", "https address"),
    ],
)
def test_names(url, expected):
    assert name(url) == expected
