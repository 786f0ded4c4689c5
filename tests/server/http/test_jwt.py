"""Callers with JSON web tokens: a local issuer, its metadata and keys, and tokens with one mistake each."""

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
from long_rows import one_in
from servers_over_http import scripted

from imagebridge_server import Settings, create_app
from imagebridge_server.http import issuer_keys
from imagebridge_server.settings import SettingsError

pytestmark = pytest.mark.anyio

PUBLIC = "http://127.0.0.1:8000/mcp"
RSA = rsa.generate_private_key(65537, 2048)
KEYS = {
    "r": ("RS256", RSA),
    "e": ("ES256", ec.generate_private_key(ec.SECP256R1())),
    "d": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
}


def without_algorithm(number):
    return {name: value for name, value in public(number).items() if name != "alg"}


def public(number):
    algorithm, key = KEYS[number]
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": number, "use": "sig", "alg": algorithm}


class Issuer:
    """An issuer: `url`, the paths that were `asked`, and what it answers at each."""

    def __init__(self):
        self.keys = [public(one) for one in "red"]
        self.down = False
        self.well_known = "/.well-known/oauth-authorization-server"
        self.metadata = {}

    def answer(self, request):
        if self.down:
            return 500, "text/plain", ""
        if request.path == "/keys":
            return 200, "application/json", json.dumps({"keys": self.keys})
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


async def test_tokens_of_the_issuer_are_let_in_and_others_are_not(issuer, monkeypatch):
    # However long this takes.
    monkeypatch.setattr(issuer_keys, "_PAUSE", 1e6)
    monkeypatch.setattr(issuer_keys, "_FRESH", 1e6)
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
        "a head too deep to be read": base64.urlsafe_b64encode(b'{"a":' * 2_200).decode() + ".e30.AA",
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
        little = await http.post(
            HERE,
            content=message["content"],
            headers=message["headers"] | {"authorization": f"Bearer {issuer.token()}"},
        )
        # All scopes that a token needs are named at once (2026-07-28, Authorization, scope challenge handling).
        for answer, error in ((nobody, "invalid_token"), (little, "insufficient_scope")):
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith(f'Bearer error="{error}", ')
            assert f'resource_metadata="{metadata}"' in challenge
            assert 'scope="pictures charts"' in challenge
        assert little.status_code == 403
        assert await statuses(http, issuer.token(scope="charts pictures x")) == [200]
        told = (await http.get(metadata)).json()
    assert told["resource"] == PUBLIC
    assert told["authorization_servers"] == [issuer.url]
    assert told["scopes_supported"] == ["pictures", "charts"]
    assert told["bearer_methods_supported"] == ["header"]


@pytest.mark.long
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
                "a client named alice": {"sub": None, "client_id": "alice"},
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
    "metadata",
    one_in(
        3,
        [
            {"issuer": "https://evil.example"},
            {"jwks_uri": None},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": "http://keys.example/"},
            {"jwks_uri": "https://[::1"},
        ],
    ),
)
async def test_an_issuer_that_does_not_tell_its_keys_is_no_fault_of_the_token(issuer, metadata):
    issuer.metadata = metadata
    message = request("tools/list")
    async with in_memory(create_app(settings(issuer))) as http:
        headers = message["headers"] | {"authorization": f"Bearer {issuer.token()}"}
        answer = await http.post(HERE, content=message["content"], headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json() == {
            "error": "the token issuer's keys cannot be fetched at the moment; try again later"
        }
        issuer.metadata = {}
        assert await statuses(http, issuer.token()) == [200]


@pytest.mark.parametrize("public", ["https://Pictures.example:443/mcp", "HTTPS://pictures.example/mcp"])
async def test_tokens_for_what_the_metadata_names_are_let_in(issuer, public):
    """However the URL was written: clients ask for tokens for what they are told."""
    app = create_app(Settings(jwt=issuer.url, public_url=public))
    async with in_memory(app) as http:
        told = (await http.get("http://127.0.0.1/.well-known/oauth-protected-resource/mcp")).json()
        assert told["resource"] == "https://pictures.example/mcp"
        tokens = [issuer.token(aud=one) for one in (told["resource"], public, "https://pictures.example")]
        assert await statuses(http, *tokens) == [200, 200, 401]


async def test_a_key_proves_what_it_says_or_all_of_its_kind(issuer):
    """A key need not say for which algorithm it is (RFC 7517, 4.4); one that encrypts signs nothing."""
    issuer.keys = [
        {**without_algorithm("r"), "kid": "any"},
        {**public("r"), "kid": "one"},
        {**public("r"), "kid": "seals", "use": "enc"},
        {**without_algorithm("e"), "kid": "curve"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "unknown", "kid": "x"},
        "no key",
    ]
    key = KEYS["e"][1]
    tokens = {
        ("any", "RS512"): issuer.token("any", RSA, "RS512"),
        ("any", "PS256"): issuer.token("any", RSA, "PS256"),
        ("one", "RS256"): issuer.token("one", RSA, "RS256"),
        ("one", "RS512"): issuer.token("one", RSA, "RS512"),
        ("seals", "RS256"): issuer.token("seals", RSA, "RS256"),
        ("curve", "ES256"): issuer.token("curve", key, "ES256"),
        ("shared", "HS256"): issuer.token("shared", b"secret" * 8, "HS256"),
    }
    async with in_memory(create_app(settings(issuer))) as http:
        found = await statuses(http, *tokens.values())
    assert dict(zip(tokens, found, strict=True)) == {
        ("any", "RS512"): 200,
        ("any", "PS256"): 200,
        ("one", "RS256"): 200,
        ("one", "RS512"): 401,
        ("seals", "RS256"): 401,
        ("curve", "ES256"): 200,
        ("shared", "HS256"): 401,
    }


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
        (
            {"jwt": "http://a.example", "public_url": PUBLIC},
            "is not an issuer URL: write it .*, with https:// unless the issuer runs on this machine",
        ),
        ({"jwt": "a.example", "public_url": PUBLIC}, "is not an issuer URL"),
        ({"jwt": "https://[::1", "public_url": PUBLIC}, "is not an issuer URL"),
        (
            {"jwt": "https://a.example", "public_url": PUBLIC, "tokens": "x"},
            "use --tokens or --jwt, not both",
        ),
        (
            {"jwt": "https://a.example", "public_url": PUBLIC, "no_auth": True},
            "--no-auth accepts callers without tokens; leave it out, or leave out --tokens and --jwt",
        ),
        ({"tokens": "x", "no_auth": True}, "--no-auth accepts callers without tokens"),
        ({"scopes": ("read",)}, "--audience and --scope need --jwt"),
        ({"tokens": "x", "scopes": ("read",)}, "--audience and --scope need --jwt"),
        ({"no_auth": True, "audience": "a"}, "--audience and --scope need --jwt"),
        *(
            ({"jwt": "https://a.example", "public_url": PUBLIC, "scopes": (one,)}, "is not a scope")
            for one in ("", "a b", 'a"b', "a\\b", "é")
        ),
    ],
)
def test_what_cannot_be_right_is_told(choices, problem):
    with pytest.raises(SettingsError, match=problem):
        create_app(Settings(**choices))


def test_only_signatures_of_public_keys_count():
    assert not [one for one in issuer_keys.ALGORITHMS if one.startswith("HS") or one == "none"]
