"""`install` and `uninstall` change one entry, and leave everything else in a host's file as it was."""

import codecs
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import ClassVar

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from imagebridge.errors import BridgeError
from imagebridge.requirements import install_command
from imagebridge.wire import _STRING_OR_COMMENT
from imagebridge_server.cli import command
from imagebridge_server.install import jsonc, server_entry
from imagebridge_server.install.change import installed, uninstalled
from imagebridge_server.install.editing import FormatError, edited
from imagebridge_server.install.host_files import HOST_FILES, ServerEntry, file_of
from imagebridge_server.install.server_entry import entry, published, relay
from imagebridge_server.install.wrap import unwrapped, wrapped

ENTRY = ServerEntry("/opt/uvx", ("--from", "imagebridge[server]", "imagebridge-server"), {"A": "ä"})
KEYS = ("mcpServers", "imagebridge")
BY_NAME = {host.name: host for host in HOST_FILES}

FULL = {
    "json": """// servers of this machine
{
    "theme": "dark", // as always
    "KEY": {
        /* the first, { with "odd" signs */
        "other": {"command": "x", "args": ["//no comment", "a, }"]},
        "last": {"url": "https://host/mcp"}, // trailing comma
    },
    "after": [1, 2,],
}
""",
    "toml": """# servers of this machine
model = "gpt" # as always

[KEY.other]
command = "x" # keep me
args = ["a, }", '#no comment']

[profiles.deep]
odd = 0xFF
""",
    "yaml": """# servers of this machine
theme: "dark"   # as always
KEY:
  # the first
  other:
    cmd: 'x'
    args: [a, "b: c"]
after: {x: 1}
""",
}


def read(text, form):
    match form:
        case "json":
            return jsonc.parsed(text)
        case "toml":
            return tomllib.loads(text)
        case "yaml":
            return YAML(typ="safe", pure=True).load(text) or {}


@pytest.fixture(params=HOST_FILES, ids=lambda host: host.name)
def host(request):
    return request.param


class TestTheTable:
    HOMES: ClassVar = {
        "linux": PurePosixPath("/home/ann"),
        "macos": PurePosixPath("/Users/ann"),
        "windows": PureWindowsPath(r"C:\Users\ann"),
    }

    @pytest.mark.parametrize(
        ("name", "system", "environment", "path"),
        [
            (
                "claude-desktop",
                "macos",
                {},
                "/Users/ann/Library/Application Support/Claude/claude_desktop_config.json",
            ),
            (
                "claude-desktop",
                "windows",
                {"APPDATA": r"D:\Roam"},
                r"D:\Roam\Claude\claude_desktop_config.json",
            ),
            (
                "claude-desktop",
                "windows",
                {},
                r"C:\Users\ann\AppData\Roaming\Claude\claude_desktop_config.json",
            ),
            ("claude-desktop", "linux", {}, "/home/ann/.config/Claude/claude_desktop_config.json"),
            ("claude-code", "linux", {}, "/home/ann/.claude.json"),
            ("cursor", "windows", {}, r"C:\Users\ann\.cursor\mcp.json"),
            ("vscode", "linux", {"XDG_CONFIG_HOME": "/cfg"}, "/cfg/Code/User/mcp.json"),
            ("vscode", "macos", {}, "/Users/ann/Library/Application Support/Code/User/mcp.json"),
            ("codex", "linux", {"CODEX_HOME": "/srv/codex"}, "/srv/codex/config.toml"),
            ("codex", "windows", {}, r"C:\Users\ann\.codex\config.toml"),
            ("gemini-cli", "macos", {}, "/Users/ann/.gemini/settings.json"),
            (
                "goose",
                "windows",
                {},
                r"C:\Users\ann\AppData\Roaming\Block\goose\config\config.yaml",
            ),
            ("goose", "macos", {"XDG_CONFIG_HOME": "/cfg"}, "/Users/ann/.config/goose/config.yaml"),
        ],
    )
    def test_where_files_lie(self, name, system, environment, path):
        assert str(file_of(BY_NAME[name], system, self.HOMES[system], environment)) == path

    def test_a_host_without_one_place(self):
        assert file_of(BY_NAME["librechat"], "linux", self.HOMES["linux"], {}) is None

    def test_each_row_says_where_it_was_read_and_when(self, host):
        assert host.source
        assert host.date >= "2026-11-22"

    def test_names_are_unique(self):
        assert len(BY_NAME) == len(HOST_FILES)


class TestFiles:
    def test_into_a_full_file_and_out_again(self, host, tmp_path):
        file = tmp_path / "config"
        before = FULL[host.form].replace("KEY", host.keys[0])
        file.write_text(before, encoding="utf-8")
        installed(host, file, ENTRY).write()
        after = file.read_text(encoding="utf-8")
        wanted = read(before, host.form)
        wanted[host.keys[0]]["imagebridge"] = host.entry(ENTRY)
        assert read(after, host.form) == wanted
        # Every line that was there is there still, but for a comma that the next member asks for.
        lines = {line.strip().rstrip(",") for line in after.splitlines()}
        assert {line.strip().rstrip(",") for line in before.splitlines()} <= lines
        assert uninstalled(host, file).write()
        assert file.read_text(encoding="utf-8") == before

    def test_into_nothing(self, host, tmp_path):
        file = tmp_path / "no" / "such" / "folder" / "config"
        assert installed(host, file, ENTRY).write() is None
        assert read(file.read_text(encoding="utf-8"), host.form) == {
            host.keys[0]: {"imagebridge": host.entry(ENTRY)}
        }

    def test_again_changes_nothing(self, host, tmp_path):
        file = tmp_path / "config"
        installed(host, file, ENTRY).write()
        again = installed(host, file, ENTRY)
        assert (again.diff, again.write()) == ("", None)

    def test_an_update_keeps_what_its_user_added(self, host, tmp_path):
        file = tmp_path / "config"
        installed(host, file, ServerEntry("old", ("x",), {"OPENAI_API_KEY": "k"})).write()
        installed(host, file, ServerEntry("new")).write()
        made = read(file.read_text(encoding="utf-8"), host.form)[host.keys[0]]["imagebridge"]
        assert made[host.command] == (["new"] if host.name == "opencode" else "new")
        assert made.get("args", []) == []
        named = next(key for key in ("env", "envs", "environment") if key in made)
        assert made[named] == {"OPENAI_API_KEY": "k"}

    def test_the_change_shows_our_entry_only(self, host, tmp_path):
        file = tmp_path / "config"
        secret = {
            "json": '{"KEY": {"a": {"env": {"T": "sk-live"}}}}',
            "toml": '[KEY.a.env]\nT = "sk-live"\n',
            "yaml": "KEY:\n  a:\n    env: {T: sk-live}\n",
        }[host.form]
        file.write_text(secret.replace("KEY", host.keys[0]), encoding="utf-8")
        first = installed(host, file, ServerEntry("old", (), {"MINE": "x"}))
        first.write()
        second = installed(host, file, ENTRY)
        second.write()
        last = uninstalled(host, file)
        where = f"--- {file}\n+++ {file}\n@@ {host.keys[0]}.imagebridge @@\n"
        for change in (first, second, last):
            assert change.diff.startswith(where)
            assert "sk-live" not in change.diff
        signs = [{line[0] for line in change.diff.splitlines()[3:]} for change in (first, second, last)]
        assert signs == [{"+"}, {"+", "-", " "}, {"-"}]

    def test_the_change_of_what_lies_in_another_value(self, tmp_path):
        file = tmp_path / "config.toml"
        file.write_text('mcp_servers = {a = {env = {T = "sk-live"}}}\n')
        change = installed(BY_NAME["codex"], file, ServerEntry("new"))
        assert change.diff.splitlines()[3:] == [
            "+[mcp_servers.imagebridge]",
            '+command = "new"',
            "+args = []",
            "+startup_timeout_sec = 120",
        ]

    def test_out_of_a_file_without_it(self, host, tmp_path):
        assert uninstalled(host, tmp_path / "none").diff == ""

    @pytest.mark.parametrize("text", ["{", "[1, 2", "\tx: ["])
    def test_what_cannot_be_read_is_not_touched(self, host, text, tmp_path):
        file = tmp_path / "config"
        file.write_text(text)
        with pytest.raises(BridgeError, match="was not changed: it is not valid"):
            installed(host, file, ENTRY)
        assert file.read_text() == text

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("json", '{"mcpServers": []}'),
            ("json", "[]"),
            ("yaml", "mcpServers: [1]"),
            ("yaml", "- 1"),
            ("toml", "mcpServers = 1"),
        ],
    )
    def test_something_else_than_a_table_is_not_touched(self, form, text):
        with pytest.raises(FormatError, match="table"):
            edited(text, form, KEYS, ENTRY.plain())

    @pytest.mark.parametrize(
        ("mark", "encoding"),
        [
            (b"", "utf-8"),
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
        ],
    )
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_encodings_and_line_ends_stay(self, mark, encoding, newline, tmp_path):
        file = tmp_path / "mcp.json"
        text = newline.join(["{", '  "größe": 1', "}", ""])
        file.write_bytes(mark + text.encode(encoding))
        installed(BY_NAME["cursor"], file, ENTRY).write()
        data = file.read_bytes()
        assert data.startswith(mark)
        made = data[len(mark) :].decode(encoding)
        assert jsonc.parsed(made) == {"größe": 1, "mcpServers": {"imagebridge": ENTRY.plain()}}
        assert made.count("\n") == made.count(newline)

    def test_bytes_in_no_unicode_encoding_are_not_touched(self, tmp_path):
        file = tmp_path / "mcp.json"
        file.write_bytes('{"größe": 1}'.encode("latin-1"))
        with pytest.raises(BridgeError, match="save it as UTF-8"):
            installed(BY_NAME["cursor"], file, ENTRY)

    def test_the_old_file_is_kept_and_its_rights_and_links_stay(self, tmp_path):
        real, link = tmp_path / "real.json", tmp_path / "mcp.json"
        real.write_text("{}")
        real.chmod(0o600)
        try:
            link.symlink_to(real)
        except OSError:
            link = real  # Windows without the right to make links
        saved = installed(BY_NAME["cursor"], link, ENTRY).write()
        assert saved.read_text() == "{}"
        # One copy, of the file as its owner made it.
        assert saved == installed(BY_NAME["cursor"], link, ServerEntry("x")).write()
        assert saved.read_text() == "{}"
        assert [one.name for one in tmp_path.iterdir() if "backup" in one.name] == [
            "real.json.imagebridge.backup"
        ]
        assert link == real or link.is_symlink()
        assert os.name == "nt" or real.stat().st_mode & 0o777 == 0o600
        assert jsonc.parsed(real.read_text())["mcpServers"]["imagebridge"]["command"] == "x"


OTHER = {
    "json": """{
  // mine
  "KEY": {
    "other": {"CMD": "npx", "args": [ "-y",  "@playwright/mcp" ], "env": {"A": "b"}}, // browser
    "next": {"url": "https://host/mcp"},
  },
}
""",
    "toml": """# mine
[KEY.other] # browser
command = 'npx'
args = [ "-y",  "@playwright/mcp" ]

[KEY.other.env]
A = "b"

[KEY.next]
url = "https://host/mcp"
""",
    "yaml": """KEY:
  other: # browser
    CMD: npx
    args: [ -y,  '@playwright/mcp' ]
    envs: {A: b}
  next:
    url: https://host/mcp
""",
}


@pytest.mark.parametrize("host", HOST_FILES, ids=lambda host: host.name)
class TestWrap:
    def file(self, host, tmp_path):
        text = OTHER[host.form].replace("KEY", host.keys[0]).replace("CMD", host.command)
        if host.name == "opencode":
            text = text.replace('"npx", "args": [ "-y",', '[ "npx", "-y",')
        (tmp_path / "config").write_bytes(text.encode())
        return tmp_path / "config"

    def words(self, host, file):
        entry = read(file.read_text(encoding="utf-8"), host.form)[host.keys[0]]["other"]
        command = entry[host.command]
        return command if isinstance(command, list) else [command, *entry["args"]]

    def test_the_relay_goes_in_front_and_out_byte_for_byte(self, host, tmp_path):
        file = self.file(host, tmp_path)
        before = file.read_bytes()
        wrapped(host, file, "other").write()
        assert self.words(host, file) == [*relay(host.name), "npx", "-y", "@playwright/mcp"]
        entry = read(file.read_text(encoding="utf-8"), host.form)[host.keys[0]]["other"]
        assert entry.get("env", entry.get("envs")) == {"A": "b"}
        assert {key: entry[key] for key in host.patience} == host.patience
        assert wrapped(host, file, "other").diff == ""
        unwrapped(host, file, "other").write()
        assert file.read_bytes() == before
        assert unwrapped(host, file, "other").diff == ""
        assert len(list(tmp_path.iterdir())) == 2

    def test_other_changes_in_between_stay(self, host, tmp_path):
        file = self.file(host, tmp_path)
        before = file.read_bytes()
        wrapped(host, file, "other").write()
        installed(host, file, ENTRY).write()
        unwrapped(host, file, "other").write()
        uninstalled(host, file).write()
        assert file.read_bytes() == before

    def test_without_the_backup_the_words_come_back(self, host, tmp_path):
        file = self.file(host, tmp_path)
        before = read(file.read_text(encoding="utf-8"), host.form)
        wrapped(host, file, "other").write().unlink()
        unwrapped(host, file, "other").write()
        assert read(file.read_text(encoding="utf-8"), host.form) == before

    @pytest.mark.parametrize(
        ("server", "words"),
        [
            ("none", "has no server called 'none' under .*It has: "),
            ("next", "next in .* has no command"),
        ],
    )
    def test_what_cannot_be_wrapped_is_said(self, host, server, words, tmp_path):
        file = self.file(host, tmp_path)
        before = file.read_bytes()
        for change in (wrapped, unwrapped):
            with pytest.raises(BridgeError, match=words):
                change(host, file, server)
        assert file.read_bytes() == before


class TestJsonTexts:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{}", '{\n  "a": {\n    "b": {}\n  }\n}'),
            ('{"x": 1}', '{"x": 1,\n  "a": {\n    "b": {}\n  }\n}'),
            (
                '{\n\t"a": {\n\t\t"c": 1 // one\n\t}\n}',
                '{\n\t"a": {\n\t\t"c": 1, // one\n\t\t"b": {}\n\t}\n}',
            ),
            ('{\n  "a": {"b": 7}\n}', '{\n  "a": {"b": {}}\n}'),
            ('{"a": {"b": 1}, "a": {"c": 2}}', '{"a": {"b": 1}, "a": {"c": 2,\n  "b": {}\n}}'),
            ("// only words\n", '// only words\n{\n  "a": {\n    "b": {}\n  }\n}\n'),
        ],
    )
    def test_a_member_is_put_in(self, before, after):
        assert jsonc.with_member(before, ("a", "b"), {}) == after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('{"a": {"b": 1}}', '{"a": {}}'),
            ('{"a": {"b": 1,}}', '{"a": {}}'),
            ('{"a": {"b": 1 /* ours */, "c": 2}}', '{"a": { /* ours */ "c": 2}}'),
            ('{"a": {"c": 2, /* theirs */ "b": 1}}', '{"a": {"c": 2 /* theirs */ }}'),
            ('{"a": {"b": 1, "c": 2, "b": 3}}', '{"a": { "c": 2 }}'),
            ('{"a": {}}', '{"a": {}}'),
            ("{}", "{}"),
            ("", ""),
        ],
    )
    def test_a_member_is_taken_out(self, before, after):
        made = jsonc.without_member(before, ("a", "b"))
        assert made == after

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
            ),
            max_leaves=20,
        ).filter(lambda value: isinstance(value, dict)),
        st.sampled_from([None, "\t", 2, 4]),
        st.booleans(),
        st.data(),
    )
    @settings(deadline=None)
    def test_nothing_is_lost(self, value, indent, ascii_only, data):
        if data.draw(st.booleans()):
            value["mcpServers"] = data.draw(st.dictionaries(st.text(max_size=8), st.integers(), max_size=3))
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        # Comments wherever white space may stand, without touching strings.
        if data.draw(st.booleans()):
            text = _STRING_OR_COMMENT.sub(lambda found: f'/* "{{ */{found[0]}// , ]}}\n', text)
        assert jsonc.parsed(text) == value
        try:
            made = edited(text, "json", KEYS, ENTRY.plain())
        except FormatError:
            assert not isinstance(value.get("mcpServers", {}) or None, dict)
            return
        wanted = {**value, "mcpServers": {**(value.get("mcpServers") or {}), "imagebridge": ENTRY.plain()}}
        assert jsonc.parsed(made) == wanted
        del wanted["mcpServers"]["imagebridge"]
        assert jsonc.parsed(edited(made, "json", KEYS, None)) == wanted


class TestCommands:
    def run(self, *arguments, home, **environment):
        environment |= {"HOME": str(home), "USERPROFILE": str(home), "APPDATA": str(home / "roaming")}
        gone = {"XDG_CONFIG_HOME": None, "CODEX_HOME": None, "IMAGEBRIDGE_ALLOW": None}
        return CliRunner().invoke(command, arguments, env={**gone, **environment})

    def test_install_shows_writes_and_uninstall_undoes(self, tmp_path):
        file, pictures = tmp_path / ".cursor" / "mcp.json", tmp_path / "pictures"
        pictures.mkdir()
        dry = self.run("install", "cursor", "--allow", str(pictures), "--dry-run", home=tmp_path)
        assert (dry.exit_code, file.exists()) == (0, False)
        assert '+    "imagebridge": {' in dry.stdout
        made = self.run("install", "cursor", "--allow", str(pictures), home=tmp_path)
        assert made.exit_code == 0
        assert made.stdout == dry.stdout
        written = json.loads(file.read_text())["mcpServers"]["imagebridge"]
        assert written == entry(("--allow", str(pictures))).plain()
        listed = [line.split()[:2] for line in self.run("install", home=tmp_path).stdout.splitlines()]
        assert ["cursor", "installed"] in listed
        again = self.run("install", "cursor", "--allow", str(pictures), home=tmp_path)
        assert (again.exit_code, again.stdout) == (0, f"{file}: nothing to change.\n")
        gone = self.run("uninstall", "cursor", home=tmp_path)
        assert gone.exit_code == 0
        assert (
            "After a restart, Cursor will no longer start imagebridge. A copy of the original file"
            in gone.stderr
        )
        assert json.loads(file.read_text()) == {"mcpServers": {}}

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["install", "vsode"], 2, "did you mean 'vscode'?"),
            (["install", "librechat"], 2, "pass its path with --file"),
            (["install", "cursor", "--alow", "x"], 2, "--alow"),
            (["install", "cursor", "--allow", "/no/such/folder"], 2, "does not exist"),
            (["install", "cursor", "--env", "KEY"], 2, "NAME=VALUE"),
            (["uninstall", "nobody"], 2, "unknown host"),
            (["uninstall"], 2, "Missing argument"),
        ],
    )
    def test_what_is_wrong_is_said(self, arguments, code, said, tmp_path):
        result = self.run(*arguments, home=tmp_path)
        assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("host", "module"), [("codex", "tomlkit"), ("goose", "ruamel.yaml")])
    def test_a_missing_editor_names_its_extra(self, host, module, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, module, None)
        result = self.run("install", host, home=tmp_path)
        assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
        assert install_command("server") in result.stderr

    def test_the_help_names_the_hosts(self, tmp_path):
        told = " ".join(self.run("install", "--help", home=tmp_path).stdout.split())
        assert f"HOST must be one of {', '.join(host.name for host in HOST_FILES)}." in told

    def test_a_broken_file_is_code_1(self, tmp_path):
        file = tmp_path / "x.json"
        file.write_text("{")
        result = self.run("install", "cursor", "--file", str(file), home=tmp_path)
        assert (result.exit_code, file.read_text()) == (1, "{")
        assert "was not changed" in result.stderr

    def test_relative_folders_become_absolute(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        result = self.run("install", "codex", "--allow", ".", "--dry-run", home=tmp_path)
        assert str(tmp_path) in result.stdout

    def test_the_entry_starts_this_server(self):
        made = entry(["--version"])
        run = subprocess.run([made.command, *made.arguments], capture_output=True, text=True, check=True)
        assert run.stdout.startswith("imagebridge-server ")


class TestLinks:
    def test_cursor(self):
        from base64 import b64decode
        from urllib.parse import parse_qs, urlsplit

        link = urlsplit(server_entry.cursor(published()))
        assert link[:3] == ("https", "cursor.com", "/en/install-mcp")
        query = parse_qs(link.query)
        assert query["name"] == ["imagebridge"]
        assert json.loads(b64decode(query["config"][0])) == published().plain()

    def test_vscode(self):
        from urllib.parse import parse_qs, unquote, urlsplit

        link = urlsplit(server_entry.vscode(published()))
        assert link[:3] == ("https", "insiders.vscode.dev", "/redirect")
        start, _, packed = parse_qs(link.query)["url"][0].partition("?")
        assert start == "vscode:mcp/install"
        assert json.loads(unquote(packed)) == {"name": "imagebridge", "type": "stdio", **published().plain()}

    def test_the_page_carries_both(self):
        text = (Path(__file__).parents[3] / "docs" / "server.md").read_text(encoding="utf-8")
        assert f"]({server_entry.cursor(published())})" in text
        assert f"]({server_entry.vscode(published())})" in text
