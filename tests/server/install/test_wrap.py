"""The relay is added in front of servers in real configuration files, and removed again byte for byte."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from long_rows import one_in

from imagebridge.errors import BridgeError
from imagebridge_server.cli import command as install
from imagebridge_server.install.config_file import backup
from imagebridge_server.install.editing import value_at
from imagebridge_server.install.host_files import HOST_FILES
from imagebridge_server.install.server_entry import relay
from imagebridge_server.install.wrap import unwrapped, wrapped

ENTRY = '{"CMD": "npx", "args": ["-y", "--x=a b"]}'
LONG = json.dumps(json.loads(ENTRY), indent=4)

FILES = {
    "json": {
        "one line": '{"KEY": {"srv": ENTRY}}',
        "tabs": '{\n\t"KEY": {\n\t\t"srv": ENTRY\n\t}\n}',
        "CRLF": f'{{\r\n  "KEY": {{\r\n    "srv": {LONG}\r\n  }}\r\n}}\r\n'.replace("\n", "\r\n").replace("\r\r", "\r"),
        "BOM": f'\ufeff{{"KEY": {{"srv": {LONG}}}}}\n',
        "comments": '// top\n{\n  /* c */ "theme": 1, // t\n  "KEY": {\n    // before\n    "srv": ENTRY, // after\n  },\n}\n',
        "commas": '{"KEY": {"srv": {"CMD": "npx", "args": ["-y", "b", ], }, }, }',
        "comments inside": '{"KEY": {"srv": {"CMD": /* c */ "npx", // d\n "args": [ // e\n "-y" /* f */ ]}}}',
        "the same names elsewhere": '{"a": {"KEY": {"srv": 1}}, "srv": 2, "KEY": {"b": {"srv": 3}, "srv": ENTRY, "c": 4}}',
        "escapes": '{"KEY": {"\\u00fc": {"CMD": "x"}, "srv": {"CMD": "np\\u0078", "args": ["\\/", "ä"]}}}',
        "no arguments": '{"KEY": {"srv": {"CMD": "npx"}}}',
        "an empty list": '{"KEY": {"srv": {"args": [ ], "env": {}, "CMD": "npx"}}}',
        "fields of the user's": '{"KEY": {"srv": {"CMD": "npx", "args": ["a"], "timeout": 5000, "x": [1, 2.0, 1e3, {}]}}}',
    },
    "toml": {
        "a table": '[KEY.srv]\nCMD = "npx"\nargs = ["-y", "--x=a b"]\n',
        "CRLF": '# c\r\n[KEY.srv]\r\nCMD = "npx"\r\nargs = ["-y"]\r\n\r\n[other]\r\na = 1\r\n',
        "BOM": '\ufeff[KEY.srv]\nCMD = "npx"\n',
        "comments": '[KEY.srv] # t\n# one\nCMD = "npx" # c\nargs = [ # l\n  "-y", # a\n] # e\n\n# z\n[KEY.srv.env]\nA = "1"\n',
        "inline": '[KEY]\nsrv = { CMD = "npx", args = ["-y"] }\n',
        "quotes": "[KEY.\"srv\"]\nCMD = 'npx'\nargs = [\"\"\"a\nb\"\"\"]\n",
        "dots": 'KEY.srv.CMD = "npx"\nKEY.srv.args = ["a"]\n',
        "time-outs": '[KEY.srv]\nCMD = "npx"\nstartup_timeout_sec = 10\ntool_timeout_sec = 5.5\n',
        "our time-out": '[KEY.srv]\nCMD = "npx"\nstartup_timeout_sec = 120\n',
        "no last line end": '[KEY.srv]\nCMD = "npx"',
        "tabs": '[KEY.srv]\n\tCMD\t=\t"npx"\n\targs=["-y"]\n',
        "out of order": '[KEY.srv.env]\nA="1"\n[KEY.srv]\nCMD="npx"\n',
    },
    "yaml": {
        "blocks": 'KEY:\n  srv:\n    CMD: npx\n    args:\n    - -y\n    - "--x=a b"\n',
        "CRLF": '# c\r\nKEY:\r\n  srv:\r\n    CMD: npx\r\n    args: ["-y"]\r\nother: 1\r\n',
        "BOM": "\ufeffKEY:\n  srv:\n    CMD: npx\n",
        "comments": "KEY: # x\n  srv: # s\n    CMD: npx # c\n    args: # a\n      - -y # y\n      # in\n      - b\n    timeout: 300\n# end\n",
        "flow": "KEY: {srv: {CMD: npx, args: [-y, b]}}\n",
        "quotes": "\"KEY\":\n    'srv':\n        \"CMD\": 'npx'\n        \"args\": ['a', \"b\\n\"]\n",
        "anchors": "base: &b\n  CMD: npx\nKEY:\n  srv:\n    CMD: npx\n    args: [a]\n    env: *b\n",
        "a document": "---\nKEY:\n  srv:\n    CMD: npx\n...\n",
        "block texts": "KEY:\n  srv:\n    CMD: npx\n    args:\n      - >-\n        a b\n      - |\n        c\n",
        "no last line end": "KEY:\n  srv:\n    CMD: npx",
    },
}  # fmt: skip
CASES = [
    pytest.param(host, name, id=f"{host.name}, {name}", marks=[] if host.name in ("cursor", "codex", "goose") else pytest.mark.long)
    for host in HOST_FILES
    if host.name != "opencode"
    for name in FILES[host.form]
]  # fmt: skip


def written(text, host, folder):
    """Write a file of a host; return it and its bytes."""
    text = text.replace("ENTRY", ENTRY).replace("KEY", host.keys[0]).replace("CMD", host.command)
    file = folder / "config"
    file.write_bytes(text.encode())
    return file, text.encode()


@pytest.mark.parametrize("copy", one_in(2, ["none", "of another time"]))
@pytest.mark.parametrize(("host", "name"), one_in(3, CASES))
def test_the_relay_goes_in_and_out_byte_for_byte(host, name, copy, tmp_path):
    file, before = written(FILES[host.form][name], host, tmp_path)
    if copy != "none":
        backup(file).write_text("")  # an installation before this server was there
    files = {*tmp_path.iterdir()}
    assert wrapped(host, file, "srv").diff
    assert (file.read_bytes(), {*tmp_path.iterdir()}) == (before, files)
    wrapped(host, file, "srv").write()
    inside = value_at(file.read_text(encoding="utf-8-sig"), host.form, (*host.keys, "srv"))
    assert [inside[host.command], *inside["args"]][: len(relay(host.name)) + 1] == [*relay(host.name), "npx"]
    assert wrapped(host, file, "srv").diff == ""
    unwrapped(host, file, "srv").write()
    assert file.read_bytes() == before
    # Of all copies that of before the first change is left.
    assert {*tmp_path.iterdir()} == {file, backup(file)}


@pytest.mark.parametrize(
    "words",
    [
        ["imagebridge", "proxy", "--"],
        ["imagebridge", "proxy", "--host=codex", "--explain", "--"],
        ["/usr/bin/uvx", "--from", "imagebridge[documents]", "imagebridge", "proxy", "--host", "a", "--names", "--"],
        ["uvx", "imagebridge@0.1.0", "proxy", "--"],
        ["C:\\bin\\imagebridge.exe", "proxy", "--host", "codex", "--"],
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "host", [host for host in HOST_FILES if host.name in ("cursor", "codex")], ids=lambda one: one.name
)
def test_a_relay_that_the_user_wrote_is_known(host, words, tmp_path):
    file = tmp_path / "config"
    table = {"command": words[0], "args": [*words[1:], "npx", "--", "x"]}
    toml = f"[mcp_servers.srv]\ncommand = {json.dumps(words[0])}\nargs = {json.dumps(table['args'])}\n"
    file.write_text(toml if host.form == "toml" else json.dumps({"mcpServers": {"srv": table}}))
    assert wrapped(host, file, "srv").diff == ""
    unwrapped(host, file, "srv").write()
    entry = value_at(file.read_text(), host.form, (*host.keys, "srv"))
    assert entry == {"command": "npx", "args": ["--", "x"]}


@pytest.mark.parametrize("command", [["npx", "proxy", "--", "b"], ["imagebridge-server", "--", "proxy"], ["imagebridge", "serve", "proxy"]])  # fmt: skip
def test_what_is_not_the_relay_is_wrapped(command, tmp_path):
    (host,) = [host for host in HOST_FILES if host.name == "cursor"]
    file = tmp_path / "config"
    file.write_text(json.dumps({"mcpServers": {"srv": {"command": command[0], "args": command[1:]}}}))
    assert unwrapped(host, file, "srv").diff == ""
    wrapped(host, file, "srv").write()
    entry = value_at(file.read_text(), host.form, (*host.keys, "srv"))
    assert [entry["command"], *entry["args"]] == [*relay("cursor"), *command]


@pytest.mark.parametrize("command", ["n\ud83dpx", "n\u2028px", "\U0001f600", "\ud83d\ude00"], ids=ascii)
def test_a_command_of_any_characters_goes_in_and_out(command, tmp_path):
    (host,) = [host for host in HOST_FILES if host.name == "cursor"]
    file = tmp_path / "config"
    file.write_text(json.dumps({"mcpServers": {"srv": {"command": command}}}))
    before = file.read_bytes()
    change = wrapped(host, file, "srv")
    assert change.diff.encode()
    change.write()
    entry = value_at(file.read_text("utf-8"), host.form, (*host.keys, "srv"))
    assert entry["args"][-1] == json.loads(json.dumps(command))
    unwrapped(host, file, "srv").write()
    assert file.read_bytes() == before


def test_what_a_file_says_does_not_steer_the_terminal(tmp_path):
    file = tmp_path / "config"
    file.write_text(json.dumps({"mcpServers": {"\x1b[2J\u202eo\ud83d": {"command": "x"}}}))
    said = CliRunner().invoke(install, ["install", "cursor", "--wrap", "srv", "--file", str(file)])
    assert said.exit_code == 1
    assert "It has: " in said.output
    assert not set("\x1b\u202e\ud83d") & set(said.output)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"command": "x", "args": "y"}, "has args that are not a list"),
        ({"command": "x", "args": {"a": 1}}, "has args that are not a list"),
        ({"command": 7}, "has no command"),
        ("x", "is not a table of settings"),
        (["x"], "is not a table of settings"),
    ],
)
def test_an_entry_that_cannot_be_started_is_left_alone(entry, words, tmp_path):
    (host,) = [host for host in HOST_FILES if host.name == "cursor"]
    file = tmp_path / "config"
    file.write_text(json.dumps({"mcpServers": {"srv": entry}}))
    with pytest.raises(BridgeError, match=words):
        wrapped(host, file, "srv")


def test_what_is_not_a_file_is_left_alone(tmp_path):
    (host,) = [host for host in HOST_FILES if host.name == "cursor"]
    with pytest.raises(BridgeError, match="is not a file that can be changed"):
        wrapped(host, tmp_path, "srv")
    with pytest.raises(BridgeError, match="is not a file that can be changed"):
        wrapped(host, Path(os.devnull), "srv")


def test_a_file_that_does_not_exist_is_said(tmp_path):
    for change in ("install", "uninstall"):
        run = CliRunner().invoke(
            install, [change, "cursor", "--file", str(tmp_path / "none"), "--wrap", "srv"]
        )
        assert (run.exit_code, run.stdout) == (1, "")
        assert run.stderr.startswith(f"Error: {tmp_path / 'none'} does not exist; ")
