"""Callers with JSON web tokens: a local issuer, its metadata and keys, and tokens that are wrong in one way each."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_callers import HERE, called, in_memory, request, result
from servers_over_http import scripted

from imagebridge_server import Settings, create_app
from imagebridge_server.http import jwt_issuer
from imagebridge_server.settings import SettingsError

pytestmark = pytest.mark.anyio

PUBLIC = "http://127.0.0.1:8000/mcp"
RSA = rsa.generate_private_key(65537, 2048)
KEYS = {
    "r": ("RS256", RSA),
    "e": ("ES256", ec.generate_private_key(ec.SECP256R1())),
    "d": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
}


def public(number):
    algorithm, key = KEYS[number]
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": number, "use": "sig", "alg": algorithm}


class Issuer:
    """An issuer: `url`, the paths that were `asked`, and what it answers at each."""

    def __init__(self):
        self.numbers = ["r", "e", "d"]
        self.down = False
        self.well_known = "/.well-known/oauth-authorization-server"
        self.metadata = {}

    def answer(self, request):
        if self.down:
            return 500, "text/plain", ""
        if request.path == "/keys":
            return 200, "application/json", json.dumps({"keys": [public(one) for one in self.numbers]})
        if request.path == self.well_known:
            found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.metadata}
            return 200, "application/json", json.dumps(found)
        return 404, "text/plain", ""

    def token(self, number="r", key=None, algorithm=None, header=None, **claims):
        """Return a token; a claim of None is left out."""
        whole = {
            "iss": self.url,
            "aud": PUBLIC,
            "sub": "alice",
            "exp": time.time() + 600,
            "scope": "pictures",
        }
        whole = {name: value for name, value in {**whole, **claims}.items() if value is not None}
        own = KEYS.get(number, KEYS["r"])
        return jwt.encode(whole, key or own[1], algorithm or own[0], {"kid": number, **(header or {})})


@pytest.fixture
def issuer():
    made = Issuer()
    with scripted(made.answer) as (url, asked):
        made.url, made.asked = url.removesuffix("/mcp"), asked
        yield made


def settings(issuer, **choices):
    return Settings(jwt=issuer.url, public_url=PUBLIC, **choices)


async def statuses(http, *tokens):
    message = request("tools/list")
    return [
        (
            await http.post(
                HERE,
                content=message["content"],
                headers=message["headers"] | {"authorization": f"Bearer {token}"},
            )
        ).status_code
        for token in tokens
    ]


async def test_tokens_of_the_issuer_are_let_in_and_others_are_not(issuer):
    now = time.time()
    right = {
        "RSA": issuer.token(),
        "elliptic curve": issuer.token("e"),
        "Edwards curve": issuer.token("d"),
        "for several": issuer.token(aud=["https://other.example", PUBLIC]),
        "a client's own": issuer.token(sub=None, client_id="program"),
        "of a clock that is late": issuer.token(exp=now - 5),
        "half of a letter": issuer.token(sub="\ud83d"),
        "scopes as a list": issuer.token(scope=None, scp=["pictures"]),
    }
    stranger = rsa.generate_private_key(65537, 2048)
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    wrong = {
        "expired": issuer.token(exp=now - 120),
        "without an end": issuer.token(exp=None),
        "not yet": issuer.token(nbf=now + 120),
        "foreign audience": issuer.token(aud="https://other.example/mcp"),
        "audience that begins alike": issuer.token(aud=PUBLIC + "2"),
        "no audience": issuer.token(aud=None),
        "a different issuer": issuer.token(iss="https://evil.example"),
        "no issuer": issuer.token(iss=None),
        "nobody's": issuer.token(sub=None),
        "a subject that is no text": issuer.token(sub=None, client_id=["a"]),
        "a subject without a letter": issuer.token(sub="", client_id=""),
        "an end that is a text": issuer.token(exp=str(int(now) + 600)),
        "an end that never is": issuer.token(exp=float("inf")),
        "a head without an end": base64.urlsafe_b64encode(b"[" * 9_000).decode() + ".e30.x",
        "a stranger's key": issuer.token(key=stranger),
        "an unknown key": issuer.token("unknown"),
        "no key's name": jwt.encode({"iss": issuer.url}, RSA, "RS256"),
        "unsigned": jwt.encode({"iss": issuer.url, "aud": PUBLIC, "sub": "a", "exp": now + 60}, None, "none"),
        "another key's algorithm": issuer.token("e", key=RSA, algorithm="RS256"),
        "the public key as a secret": _with_secret(issuer, pem),
        "cut": issuer.token()[:-4],
        "empty": "",
        "no token": "a.b.c",
        "too long": "a" * 20_000,
        "its own key": issuer.token(
            key=stranger, header={"jku": f"{issuer.url}/evil", "jwk": {"kty": "RSA"}}
        ),
    }
    async with in_memory(create_app(settings(issuer))) as http:
        assert dict(zip(right, await statuses(http, *right.values()), strict=True)) == dict.fromkeys(
            right, 200
        )
        assert dict(zip(wrong, await statuses(http, *wrong.values()), strict=True)) == dict.fromkeys(
            wrong, 401
        )
    # Keys are asked for once, whatever comes.
    assert [one.path for one in issuer.asked] == [issuer.well_known, "/keys"]


def _with_secret(issuer, pem):
    """Sign with the public key as if it were a shared secret, which PyJWT itself refuses to do."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = {"iss": issuer.url, "aud": PUBLIC, "sub": "alice", "exp": time.time() + 600}
    signed = part({"alg": "HS256", "typ": "JWT", "kid": "r"}) + b"." + part(claims)
    mac = hmac.new(pem, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def test_scopes_and_where_to_get_a_token_are_told(issuer):
    app = create_app(settings(issuer, scopes=("pictures", "charts")))
    metadata = "http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp"
    message = request("tools/list")
    async with in_memory(app) as http:
        nobody = await http.post(HERE, **message)
        assert nobody.status_code == 401
        assert f'resource_metadata="{metadata}"' in nobody.headers["www-authenticate"]
        assert await statuses(http, issuer.token(), issuer.token(scope="charts pictures x")) == [403, 200]
        told = (await http.get(metadata)).json()
    assert told["resource"] == PUBLIC
    assert told["authorization_servers"] == [issuer.url]
    assert told["scopes_supported"] == ["pictures", "charts"]
    assert told["bearer_methods_supported"] == ["header"]


async def test_each_subject_has_a_store_of_its_own(issuer, tmp_path):
    async with in_memory(create_app(settings(issuer, store=tmp_path))) as http:

        async def call(tool, arguments, **claims):
            message = called(tool, arguments)
            headers = message["headers"] | {"authorization": f"Bearer {issuer.token(**claims)}"}
            return result(await http.post(HERE, content=message["content"], headers=headers))

        made = await call("get_image", {"text": "x"})
        uri = "image://" + made["content"][0]["text"].partition("image://")[2][:12]
        read = {
            name: not (await call("load_image", {"source": uri}, **claims)).get("isError")
            for name, claims in {
                "alice": {},
                "alice through another client": {"client_id": "other"},
                "bob": {"sub": "bob"},
                "a path": {"sub": "../alice"},
                "a client named alice": {"sub": None, "client_id": "alice2"},
            }.items()
        }
    assert read == {
        "alice": True,
        "alice through another client": True,
        "bob": False,
        "a path": False,
        "a client named alice": False,
    }
    assert {path.name[:4] for path in (tmp_path / "callers").iterdir()} == {"jwt."}


@pytest.mark.parametrize("well_known", ["/.well-known/openid-configuration"])
async def test_an_issuer_of_openid_connect_is_found_too(issuer, well_known):
    issuer.well_known = well_known
    async with in_memory(create_app(settings(issuer))) as http:
        assert await statuses(http, issuer.token()) == [200]


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://evil.example"}, {"jwks_uri": None}, {"jwks_uri": "file:///etc/passwd"}]
)
async def test_an_issuer_that_does_not_tell_its_keys_is_no_fault_of_the_token(issuer, metadata):
    issuer.metadata = metadata
    message = request("tools/list")
    async with in_memory(create_app(settings(issuer))) as http:
        headers = message["headers"] | {"authorization": f"Bearer {issuer.token()}"}
        answer = await http.post(HERE, content=message["content"], headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json() == {
            "error": "the keys of the token issuer cannot be fetched at the moment; try again later"
        }
        issuer.metadata = {}
        assert await statuses(http, issuer.token()) == [200]


async def test_an_issuer_that_is_down_is_asked_again(issuer):
    issuer.down = True
    async with in_memory(create_app(settings(issuer))) as http:
        assert await statuses(http, issuer.token()) == [503]
        issuer.down = False
        assert await statuses(http, issuer.token()) == [200]
        issuer.down = True
        assert await statuses(http, issuer.token()) == [200]


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"jwt": "https://a.example"}, "--jwt needs --public-url"),
        ({"jwt": "http://a.example", "public_url": PUBLIC}, "is not the URL of an issuer"),
        ({"jwt": "a.example", "public_url": PUBLIC}, "is not the URL of an issuer"),
        ({"jwt": "https://[::1", "public_url": PUBLIC}, "is not the URL of an issuer"),
        (
            {"jwt": "https://a.example", "public_url": PUBLIC, "tokens": "x"},
            "give --tokens or --jwt, not both",
        ),
    ],
)
def test_what_cannot_be_right_is_told(choices, problem):
    with pytest.raises(SettingsError, match=problem):
        create_app(Settings(**choices))


def test_only_signatures_of_public_keys_count():
    assert not [one for one in jwt_issuer._ALGORITHMS if one.startswith("HS") or one == "none"]
