"""Callers with tokens: who is admitted, and that none ever sees another caller's pictures, files or jobs."""

import json
import os
import re
import socket
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
import samples
from click.testing import CliRunner
from first_messages import initialize
from http_callers import BOTH, HERE, called, in_memory, messages, request, result
from long_rows import one_in
from PIL import Image

from imagebridge_server import Settings, create_app
from imagebridge_server.cli import command as server_command
from imagebridge_server.http.token_file import add_token, read_callers
from imagebridge_server.settings import SettingsError

pytestmark = pytest.mark.anyio

HASH = "sha256:" + "0" * 64


def bearer(token):
    return {"authorization": f"Bearer {token}"}


async def asked(http, token, message, version="2026-07-28"):
    """Send a message as the holder of a token."""
    headers = message["headers"] | bearer(token) | {"mcp-protocol-version": version}
    return await http.post(HERE, content=message["content"], headers=headers)


class TestFile:
    def test_the_command_prints_a_token_once_and_keeps_its_hash(self, tmp_path):
        file = tmp_path / "tokens.toml"
        tokens = []
        for name in ("alice", "bob", "alice"):
            run = CliRunner().invoke(server_command, ["token", name, "--tokens", str(file)])
            assert run.exit_code == 0, run.output
            assert re.fullmatch(r"imb_[\w-]{43}\n", run.stdout)
            tokens.append(run.stdout.strip())
        kept = {name: list(holder.tokens) for name, holder in read_callers(file).items()}
        hashes = ["sha256:" + sha256(token.encode()).hexdigest() for token in tokens]
        assert kept == {"alice": [hashes[0], hashes[2]], "bob": [hashes[1]]}
        assert not any(token in file.read_text() for token in tokens)
        assert file.stat().st_mode & 0o077 == 0

    def test_what_stands_in_the_file_stays(self, tmp_path):
        file = tmp_path / "tokens.toml"
        file.write_text(f'# ours\n[alice]  # the first\ntokens = ["{HASH}"]\ncalls = 3\n')
        add_token(file, "alice")
        assert file.read_text().startswith("# ours\n[alice]  # the first\n")
        assert read_callers(file)["alice"].calls == 3
        assert HASH in read_callers(file)["alice"].tokens

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no permissions of this kind")
    def test_whoever_may_read_the_file_may_still_read_it_and_a_link_stays_one(self, tmp_path):
        file, link = tmp_path / "folder" / "tokens.toml", tmp_path / "link.toml"
        file.parent.mkdir()
        add_token(file, "alice")
        file.chmod(0o644)
        link.symlink_to(file)
        add_token(link, "bob")
        assert (link.is_symlink(), file.stat().st_mode & 0o777) == (True, 0o644)
        assert list(read_callers(file)) == ["alice", "bob"]

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no lock of this kind")
    def test_tokens_that_are_added_at_the_same_time_are_all_there(self, tmp_path):
        file = tmp_path / "tokens.toml"
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: add_token(file, f"caller-{number}"), range(8)))
        assert sorted(read_callers(file)) == [f"caller-{number}" for number in range(8)]

    @pytest.mark.parametrize("name", ["", "Alice", "a.b", "../a", "a b", "-a", "é", "a" * 65])
    def test_a_name_is_safe_everywhere(self, tmp_path, name):
        with pytest.raises(
            SettingsError, match="is not a valid name: each caller must be a table with a name of up to 64"
        ):
            add_token(tmp_path / "tokens.toml", name)
        assert not (tmp_path / "tokens.toml").exists()

    def test_a_path_with_a_nul_is_refused(self):
        with pytest.raises(SettingsError, match=r"cannot be read: .*null"):
            read_callers(Path("a\0b"))

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device without an end")
    def test_a_device_is_not_a_token_file(self):
        with pytest.raises(SettingsError, match="'/dev/full' is a device; give the path of a file"):
            add_token(Path("/dev/full"), "alice")

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[", "is not TOML"),
            ("a = " + "[" * 50_000, "is not TOML"),
            ("alice = 3", "caller 'alice': each caller must be a table"),
            ("[Alice]", "caller 'Alice': each caller must be a table"),
            ('["../a"]', "each caller must be a table"),
            (
                "[alice]\nallows = []",
                "'allows' is unknown; the known keys are tokens, allow, allow_write, store_bytes",
            ),
            ("[alice]\ntokens = 'x'", "`tokens` must be a list of strings"),
            ("[alice]\ntokens = ['x']", "each of `tokens` must be 'sha256:' followed by 64 hexadecimal"),
            ("[alice]\nallow = ['/no/such']", "caller 'alice': the allowed folder '/no/such' does not exist"),
            ("[alice]\ncalls = 0", "`calls` must be a whole number, 1 or more"),
            ("[alice]\ncalls = true", "`calls` must be a whole number, 1 or more"),
            ("[alice]\nstore_bytes = -1", "`store_bytes` must be a whole number, 0 or more"),
            (f"[alice]\ntokens = ['{HASH}']\n[bob]\ntokens = ['{HASH}']", "contains a token twice"),
        ],
    )
    def test_what_cannot_be_right_is_told(self, tmp_path, text, problem):
        file = tmp_path / "tokens.toml"
        file.write_text(text)
        with pytest.raises(SettingsError, match=re.escape(problem)):
            create_app(Settings(tokens=file))

    def test_a_file_that_is_not_there_is_told_with_the_command_that_makes_it(self, tmp_path):
        file = tmp_path / "none"
        run = CliRunner().invoke(server_command, ["--http", "127.0.0.1:0", "--tokens", str(file)])
        assert run.exit_code == 2
        (words,) = re.findall(
            r"does not exist; .*: imagebridge-server (token NAME --tokens .*)$", run.stderr, re.MULTILINE
        )
        made = CliRunner().invoke(server_command, words.replace("NAME", "alice").split())
        assert made.exit_code == 0
        assert list(read_callers(file)) == ["alice"]

    @pytest.mark.parametrize(("allow", "other"), [("a", "a"), ("a", "a/b"), ("a/b", "a")])
    @pytest.mark.parametrize("option", ["allow_write", "store"])
    def test_callers_cannot_read_what_others_keep(self, tmp_path, allow, other, option):
        (tmp_path / "a" / "b").mkdir(parents=True)
        file = tmp_path / "tokens.toml"
        add_token(file, "alice")
        kept = (
            {"allow_write": (tmp_path / other,)} if option == "allow_write" else {"store": tmp_path / other}
        )
        with pytest.raises(SettingsError, match="each caller could read other callers' files"):
            create_app(Settings(tokens=file, allow=(tmp_path / allow,), **kept))

    @pytest.mark.parametrize(
        ("allow", "told"),
        [
            ("", "--allow-write {0}/writes"),
            ("writes", "--allow-write {0}/writes"),
            ("writes/bob", "--allow-write {0}/writes"),
            ("store", "--store {0}/store"),
            ("store/callers", "--store {0}/store"),
            ("store/callers/bob", "--store {0}/store"),
            ("writes/alice", None),
            ("store/callers/alice", None),
            ("other", None),
        ],
    )
    async def test_a_caller_cannot_read_what_others_keep_by_a_folder_of_its_own(self, tmp_path, allow, told):
        folders = [tmp_path / one for one in ("writes/alice", "writes/bob", "store/callers/alice", "other")]
        for folder in [*folders, tmp_path / "store/callers/bob"]:
            folder.mkdir(parents=True)
        file = tmp_path / "tokens.toml"
        token = add_token(file, "alice")
        whole = file.read_text().replace("[alice]", f"[alice]\nallow = ['{tmp_path / allow}']")
        settings = Settings(tokens=file, allow_write=(tmp_path / "writes",), store=tmp_path / "store")
        # A file that changes so while it is served stays out of force.
        async with in_memory(create_app(settings)) as http:
            file.write_text(whole)
            tools = (await asked(http, token, request("tools/list"))).text
        assert (str(tmp_path / allow) in tools) == (told is None)
        if told:
            with pytest.raises(SettingsError, match=re.escape(f"and {told.format(tmp_path)} overlap")):
                create_app(settings)


class TestDoor:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "tokens.toml"

    async def test_only_those_with_a_token_are_let_in_from_anywhere(self, file):
        token = add_token(file, "alice")
        wrong = [
            {},
            bearer(""),
            bearer("imb_wrong"),
            bearer(token[:-1]),
            bearer(token + " "),
            {"authorization": token},
            {"authorization": f"Basic {samples.b64(f'alice:{token}'.encode())}"},
            bearer("sha256:" + sha256(token.encode()).hexdigest()),
        ]
        message = request("tools/list")
        async with in_memory(create_app(Settings(tokens=file)), client=("10.0.0.7", 1)) as http:
            assert (await asked(http, token, message)).status_code == 200
            for headers in wrong:
                answer = await http.post(
                    HERE, content=message["content"], headers=message["headers"] | headers
                )
                assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
                assert answer.headers["www-authenticate"].startswith("Bearer error=")
            in_url = await http.post(f"{HERE}?access_token={token}", **message)
            assert in_url.status_code == 401

    async def test_a_token_is_known_and_forgotten_without_a_new_start(self, file):
        first = add_token(file, "alice")
        message = request("tools/list")
        async with in_memory(create_app(Settings(tokens=file))) as http:
            second = add_token(file, "bob")
            assert [(await asked(http, token, message)).status_code for token in (first, second)] == [
                200,
                200,
            ]
            kept = file.read_text()
            for broken in ("[", None):
                if broken is None:
                    file.unlink()
                else:
                    file.write_text(broken)
                assert (await asked(http, second, message)).status_code == 200
            file.write_text(kept.partition("[bob]")[0])
            assert [(await asked(http, token, message)).status_code for token in (first, second)] == [
                200,
                401,
            ]

    async def test_each_caller_has_what_the_file_says(self, file, tmp_path):
        tokens = {name: add_token(file, name) for name in ("alice", "bob")}
        for name in ("shared", "hers"):
            (tmp_path / name).mkdir()
            Image.new("RGB", (8, 8), "red").save(tmp_path / name / f"{name}.png")
        file.write_text(file.read_text().replace("[alice]", f"[alice]\nallow = ['{tmp_path / 'hers'}']"))
        reads = {}
        app = create_app(Settings(tokens=file, allow=(tmp_path / "shared",)))
        async with in_memory(app) as http:
            for name, token in tokens.items():
                for picture in ("shared", "hers"):
                    answer = await asked(http, token, called("load_image", {"source": f"{picture}.png"}))
                    reads[name, picture] = not result(answer).get("isError")
        assert reads == {
            ("alice", "shared"): True,
            ("alice", "hers"): True,
            ("bob", "shared"): True,
            ("bob", "hers"): False,
        }


@pytest.fixture(scope="module")
async def shared(one_loop, tmp_path_factory):
    """Alice has pictures, files and a job; yield an HTTP client, both tokens and all that Bob may have heard of."""
    folder = tmp_path_factory.mktemp("callers")
    writes, hers = folder / "writes", folder / "hers"
    for one in (writes, hers):
        one.mkdir()
    file = folder / "tokens.toml"
    alice, bob = add_token(file, "alice"), add_token(file, "bob")
    samples.noise(40, 30).convert("RGB").save(hers / "photo.png")
    (hers / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    file.write_text(file.read_text().replace("[alice]", f"[alice]\nallow = ['{hers}']"))
    settings = Settings(
        tokens=file, allow_write=(writes,), store=folder / "store", create=True, patience=0.01
    )
    with pytest.MonkeyPatch.context() as patch, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        patch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        patch.setenv("OPENAI_API_KEY", "test")
        async with in_memory(create_app(settings)) as http:
            kept = result(await asked(http, alice, called("get_image", {"text": "Alice's"})))
            saved = result(
                await asked(http, alice, called("load_image", {"source": "photo.png", "save_as": "copy.png"}))
            )
            assert "copy.png" in saved["content"][0]["text"], saved
            job = result(await asked(http, alice, called("create_image", {"prompt": "A bridge"})))
            (name,) = (folder / "store" / "callers" / "alice").glob(
                re.search(r"image://(\w+)", kept["content"][0]["text"])[1] + "*"
            )
            known = {
                "uri": f"image://{name.name}",
                "short": f"image://{name.name[:12]}",
                "stored": str(name),
                "file": str(hers / "photo.png"),
                "rows": str(hers / "rows.csv"),
                "saved": str(writes / "alice" / "copy.png"),
                "up": "../alice/copy.png",
                "url": (hers / "photo.png").as_uri(),
                "store url": name.as_uri(),
                "job": re.search(r"image://pending-\w+", job["content"][0]["text"])[0],
            }
            yield http, alice, bob, known, writes


TOOLS = {
    "load_image": lambda source: {"source": source},
    "load_file": lambda source: {"source": source},
    "view_image": lambda source: {"source": source},
    "image_info": lambda source: {"source": source},
    "annotate_image": lambda source: {"source": source, "marks": [{"type": "box", "box": [1, 1, 9, 9]}]},
    "transform_image": lambda source: {"source": source, "operations": [{"op": "rotate", "degrees": 90}]},
    "compare_images": lambda source: {"a": source, "b": source},
    "contact_sheet": lambda source: {"sources": [source]},
    "render_document": lambda source: {"source": source},
    "generate_chart": lambda source: {"kind": "bar", "data": source, "columns": {"x": "a", "y": "b"}},
    "edit_image": lambda source: {"sources": [source], "prompt": "Blue"},
}


async def settled(http, token, message, version):
    """Return the answer to a message; of what is refused only while it is made, the refusal."""
    for _ in range(500):
        (*_, said) = messages(await asked(http, token, message, version))
        waiting = re.search(r"still in progress.*(image://pending-\w+)", json.dumps(said.get("result", {})))
        if not waiting:
            break
        message = called("load_image", {"source": waiting[1]})
    return said


@pytest.mark.parametrize("version", one_in(2, ["2026-07-28", "2025-11-25"]))
async def test_no_route_leads_to_what_another_caller_has(shared, version):
    """Every tool with every name of it, resources, lists and jobs: the answer is the one for what was never there."""
    http, alice, bob, known, writes = shared
    attempts = {
        (tool, name): called(tool, arguments(source))
        for tool, arguments in TOOLS.items()
        for name, source in known.items()
    }
    for name, source in known.items():
        attempts["resources/read", name] = request("resources/read", {"uri": source})
        spec = {"data": {"url": source}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
        attempts["a spec", name] = called("generate_chart", {"spec": spec})
    for name in ("alice/copy.png", "../alice/copy.png", known["saved"], known["stored"] + ".png"):
        attempts["save_as", name] = called("make_qr_code", {"text": "x", "save_as": name, "overwrite": True})
    before = {path: path.read_bytes() for path in writes.rglob("*") if path.is_file()}
    leaks = []
    for route, message in attempts.items():
        said = await settled(http, bob, message, version)
        refused = "error" in said or said["result"].get("isError")
        pictures = [one for one in said.get("result", {}).get("content", []) if one["type"] != "text"]
        if not refused or pictures:
            leaks.append((route, json.dumps(said)[:300]))
    after = {path: path.read_bytes() for path in writes.rglob("*") if path.is_file()}
    assert leaks == []
    assert after == before
    # Alice herself reaches all of it.
    for name in ("uri", "short", "file", "url"):
        (*_, said) = messages(
            await asked(http, alice, called("load_image", {"source": known[name]}), version)
        )
        assert not said["result"].get("isError"), said
    (*_, said) = messages(await asked(http, alice, called("load_image", {"source": known["job"]}), version))
    assert "is still in progress" in said["result"]["content"][0]["text"]


async def test_each_caller_writes_into_a_folder_of_its_own(tmp_path):
    file, writes = tmp_path / "tokens.toml", tmp_path / "writes"
    writes.mkdir()
    tokens = {name: add_token(file, name) for name in ("alice", "bob")}
    async with in_memory(create_app(Settings(tokens=file, allow_write=(writes,)))) as http:
        for name, token in tokens.items():
            code = {"text": f"by {name}", "save_as": "copy.png", "overwrite": True}
            assert not result(await asked(http, token, called("make_qr_code", code))).get("isError")
    saved = sorted(path.relative_to(writes).as_posix() for path in writes.rglob("*.png"))
    assert saved == ["alice/copy.png", "bob/copy.png"]
    assert (writes / saved[0]).read_bytes() != (writes / saved[1]).read_bytes()


async def test_each_caller_reads_back_what_they_wrote_and_no_other_callers_files(tmp_path):
    file, writes = tmp_path / "tokens.toml", tmp_path / "writes"
    tokens = {name: add_token(file, name) for name in ("alice", "bob")}
    for name in tokens:
        (writes / name).mkdir(parents=True)
        own = f"[{name}]\nallow = [{json.dumps(str(writes / name))}]\n"
        file.write_text(file.read_text().replace(f"[{name}]\n", own))
    async with in_memory(create_app(Settings(tokens=file, allow_write=(writes,)))) as http:

        async def read(name, source):
            return result(await asked(http, tokens[name], called("load_image", {"source": source})))

        for name, token in tokens.items():
            code = {"text": f"by {name}", "save_as": "copy.png"}
            await asked(http, token, called("make_qr_code", code))
        for name, other in (("alice", "bob"), ("bob", "alice")):
            (picture,) = [
                block for block in (await read(name, "copy.png"))["content"] if block["type"] == "image"
            ]
            assert b64decode(picture["data"]) == (writes / name / "copy.png").read_bytes()
            for path in (str(writes / other / "copy.png"), f"../{other}/copy.png", f"{other}/copy.png"):
                refused = await read(name, path)
                assert refused["isError"], path
                assert [block["type"] for block in refused["content"]] == ["text"], path


async def test_lists_hold_what_is_ones_own(shared):
    http, alice, bob, known, _ = shared
    digest = known["uri"].removeprefix("image://")
    for cursor in ({}, {"cursor": digest[:-1]}, {"cursor": "0"}):
        seen = {
            name: [
                one["uri"]
                for one in result(await asked(http, token, request("resources/list", cursor)))["resources"]
                if one["uri"].startswith("image://")
            ]
            for name, token in (("alice", alice), ("bob", bob))
        }
        assert seen["bob"] == []
        assert cursor.get("cursor") or known["uri"] in seen["alice"]
    tools = {
        name: (await asked(http, token, request("tools/list"))).text
        for name, token in (("a", alice), ("b", bob))
    }
    assert "hers" in tools["a"]
    assert "hers" not in tools["b"]


async def test_what_is_not_there_and_what_is_anothers_are_told_alike(shared):
    http, _, bob, known, _ = shared
    other = "image://" + "0" * 64
    told = [
        (await asked(http, bob, called(tool, TOOLS[tool](uri)))).text.replace(uri, "URI")
        for tool in ("load_image", "image_info")
        for uri in (known["uri"], other)
    ]
    assert told[0] == told[1]
    assert told[2] == told[3]


async def test_what_bob_draws_is_his_alone_though_alice_drew_the_same(shared):
    """The same bytes have the same name for both, and each reads them only once they were given to it."""
    http, _, bob, known, _ = shared
    same = called("get_image", {"text": "Alice's"})
    answer = result(await asked(http, bob, same))
    assert known["short"] in answer["content"][0]["text"]
    read = result(await asked(http, bob, request("resources/read", {"uri": known["uri"]})))
    assert read["contents"][0]["mimeType"] == "image/png"


async def test_a_session_of_an_earlier_protocol_is_nobodys(shared):
    """There are none, so nobody takes over another's."""
    http, alice, bob, *_ = shared
    opened = await http.post(HERE, json=initialize(), headers={**BOTH, **bearer(alice)})
    assert "mcp-session-id" not in opened.headers
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    for session in ("guessed", "0" * 32):
        answer = await http.post(HERE, json=call, headers={**BOTH, **bearer(bob), "mcp-session-id": session})
        assert "hers" not in answer.text
