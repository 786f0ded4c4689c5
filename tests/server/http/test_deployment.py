"""The files that docs/deploy.md copies and starts are consistent with each other and with the command line.

Containers are not run here; tests/server/http/test_replicas.py runs nginx with the same configuration.
"""

import json
import re
import runpy
from hashlib import sha256
from pathlib import Path, PurePosixPath

import click
import pytest
from http_callers import in_memory, request, result
from ruamel.yaml import YAML

from imagebridge_server.cli import command as server_command
from imagebridge_server.http.token_file import TokenHolder, read_callers

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = YAML(typ="safe").load(DEPLOY / "compose.yaml")
NGINX = (DEPLOY / "nginx.conf").read_text()
PAGE = (ROOT / "docs" / "deploy.md").read_text()


def words(instruction):
    """Return the words of an instruction of the Dockerfile that is written as JSON."""
    (found,) = re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    return json.loads(found)


def options(arguments):
    """Return what the command line reads in the arguments of a server; files of a container need not be here."""
    context = click.Command("imagebridge-server", params=server_command.params).make_context("", arguments)
    return {name: value for name, value in context.params.items() if value}


def test_all_that_the_image_copies_is_there_and_let_in():
    copied = [
        one for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE) for one in line.split()
    ]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"pyproject.toml", "uv.lock", "bridge", "tools", "server"} <= set(copied)
    assert [one for one in copied if not (ROOT / one).exists() or f"!{one}" not in ignored] == []


@pytest.mark.parametrize("arguments", [words("CMD"), COMPOSE["services"]["replica"]["command"]])
def test_what_the_image_starts_is_a_command_of_the_server(arguments, monkeypatch, tmp_path):
    file = tmp_path / "tokens.toml"
    file.touch()
    mounted = [str(file) if one == "/etc/imagebridge/tokens.toml" else one for one in arguments]
    program, *entry = words("ENTRYPOINT")
    read = options([*entry, *mounted])
    assert program == "imagebridge-server"
    assert (read["http"], read["tokens"]) == ("0.0.0.0:8000", file)
    assert read.get("store") in (None, "s3://pictures/kept")


def test_replicas_find_the_tokens_where_the_page_has_them_written():
    replica = COMPOSE["services"]["replica"]
    (mount,) = replica["volumes"]
    source, target, mode = mount.split(":")
    (made,) = re.findall(r"^imagebridge-server token alice --tokens docs/deploy/(\S+)$", PAGE, re.MULTILINE)
    # A file that is mounted alone stays the old one when a new token replaces it.
    assert PurePosixPath(made).parent == PurePosixPath(source)
    assert PurePosixPath(target, PurePosixPath(made).name) == PurePosixPath(words("CMD")[-1])
    assert mode == "ro"
    # Replicas run as another user than whoever wrote the file.
    assert f"chmod a+r docs/deploy/{made}" in PAGE
    assert f"/docs/deploy/{PurePosixPath(made).parent}/" in (ROOT / ".gitignore").read_text().split()


def test_services_find_each_other():
    services = COMPOSE["services"]
    wanted = {one for service in services.values() for one in service.get("depends_on", ())}
    assert wanted <= set(services)
    assert services["replica"]["environment"]["AWS_ENDPOINT_URL"] == "http://s3:9000"
    assert "server replica:8000 " in NGINX
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == ["8000"]
    (port,) = services["nginx"]["ports"]
    assert f"listen {port.rpartition(':')[2]};" in NGINX
    mounted = [one.split(":")[0] for one in services["nginx"]["volumes"]]
    assert all((DEPLOY / one).is_file() for one in mounted)


@pytest.mark.anyio
async def test_the_application_serves_the_callers_in_the_file(tmp_path, monkeypatch):
    """Only what a reader fills in is replaced: the hash of a token, and a folder of this machine."""
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (entry,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    folder, digest = tmp_path / "alice", sha256(b"a secret").hexdigest()
    folder.mkdir()
    entry = entry.replace("sha256:...", f"sha256:{digest}").replace("/srv/pictures/alice", folder.as_posix())
    (tmp_path / "tokens.toml").write_text(entry, "utf-8")
    (tmp_path / "program.py").write_text(program, "utf-8")
    holder = TokenHolder((f"sha256:{digest}",), (folder,), store_bytes=2_000_000_000, calls=32)
    assert read_callers(tmp_path / "tokens.toml") == {"alice": holder}
    names = runpy.run_path("program.py")
    (url,) = re.findall(r'public_url="(.*?)"', program)
    async with in_memory(names["app"]) as http:
        asked = request("tools/list")
        assert (await http.post(url, **asked)).status_code == 401
        asked["headers"]["authorization"] = "Bearer a secret"
        answer = await http.post(url, **asked)
        assert "load_image" in [tool["name"] for tool in result(answer)["tools"]]
