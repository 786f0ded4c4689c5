"""The code in docs/relay.md runs as shown."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from first_messages import initialize
from relaying import ENVIRONMENT, Wire
from ruamel.yaml import YAML
from servers_over_http import scripted

from imagebridge_server.install.host_files import HOST_FILES, file_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "relay.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
PROGRAMS = {
    "imagebridge": "from imagebridge.cli import main; main()",
    "imagebridge-server": "from imagebridge_server.__main__ import main; main()",
}


def words(command):
    """Return the words of a command, with this environment's programs; those behind -- are found on the PATH."""
    program, *rest = shlex.split(command)
    return [sys.executable, "-c", PROGRAMS[program], *rest]


@pytest.fixture
def path(monkeypatch):
    folder = Path(sys.executable).parent
    monkeypatch.setitem(ENVIRONMENT, "PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def chosen(part):
    """Return the commands of the page that are of a kind; all but the first run with what takes long."""
    first, *others = [line for line in COMMANDS if part(line)]
    return [first, *(pytest.param(line, marks=pytest.mark.long) for line in others)]


@pytest.mark.long
@pytest.mark.parametrize(
    "command", chosen(lambda line: " proxy " in line and "--http" not in line and "--url" not in line)
)
def test_the_relay_serves_on_its_standard_streams(command, path):
    with Wire(words(command)) as wire:
        (sign,) = [
            block
            for block in wire.open().call("get_image", {"text": "HELLO"})["content"]
            if block["type"] == "image"
        ]
    assert sign["mimeType"] == "image/png"


def test_a_server_behind_a_url_gets_the_header(monkeypatch):
    (command,) = chosen(lambda line: "--url" in line)
    monkeypatch.setitem(ENVIRONMENT, "TOKEN", "of mine")
    with scripted(lambda _: (200, "application/json", '{"jsonrpc":"2.0","id":1,"result":{}}')) as (url, seen):
        with Wire(words(command.replace("http://127.0.0.1:8000/mcp", url))) as wire:
            assert wire.ask("ping")["result"] == {}
    assert seen[0].headers["authorization"] == "Bearer of mine"


@pytest.mark.long
def test_the_relay_serves_at_an_address(path):
    (command,) = chosen(lambda line: "--http" in line)
    # The port may be taken here.
    command = command.replace("127.0.0.1:8000", "127.0.0.1:0")
    with subprocess.Popen(words(command), env=ENVIRONMENT, stderr=subprocess.PIPE) as process:
        try:
            url = process.stderr.readline().decode().split()[-1]
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/mcp", url)
            accept = {"accept": "application/json, text/event-stream"}
            answer = httpx2.post(url, json=initialize(), headers=accept, timeout=600)
            assert '"serverInfo"' in answer.text
        finally:
            process.terminate()
            process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="the page shows commands for a shell of POSIX")
@pytest.mark.parametrize("command", chosen(lambda line: "--wrap" in line))
def test_the_relay_is_put_in_front_of_a_hosts_server(command, tmp_path):
    name = shlex.split(command)[2]
    host = next(one for one in HOST_FILES if one.name == name)
    environment = {
        key: value for key, value in ENVIRONMENT.items() if not key.startswith(("XDG_", "CODEX", "CLAUDE"))
    }
    environment |= {"HOME": str(tmp_path)}
    file = Path(file_of(host, "macos" if sys.platform == "darwin" else "linux", tmp_path, {}))
    file.parent.mkdir(parents=True, exist_ok=True)
    entry = {host.command: "npx", "args": ["-y", "@playwright/mcp"]}
    if name == "opencode":
        entry = {"type": "local", "command": ["npx", "-y", "@playwright/mcp"]}
    whole = entry
    for key in reversed((*host.keys, "playwright")):
        whole = {key: whole}
    if host.form == "toml":
        file.write_text(
            f'[{".".join(host.keys)}.playwright]\ncommand = "npx"\nargs = ["-y", "@playwright/mcp"]\n'
        )
    elif host.form == "yaml":
        with file.open("w") as stream:
            YAML().dump(whole, stream)
    else:
        file.write_text(json.dumps(whole, indent=2))
    before = file.read_bytes()
    done = subprocess.run(words(command), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == before
    assert {"proxy", "--host", name, "--", "npx"} <= set(re.findall(r"[\w@/.-]+", done.stdout)), done.stdout
