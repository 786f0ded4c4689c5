"""The code in the README, its pages in docs/ and the examples runs as shown."""

import json
import re
import runpy
import tomllib
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from commands import program
from kinds_seen import by_hand, is_right
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult
from PIL import Image
from relaying import ENVIRONMENT, KINDS
from ruamel.yaml import YAML
from servers import kinds

from imagebridge import Bridge
from imagebridge_server import Settings, build_server

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))}
SNIPPETS = [
    snippet
    for text in (README, *(PAGES[f"{name}.md"] for name in ("own-loop", "server-authors", "testing")))
    for snippet in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]
CHART = (
    "generate_chart",
    {"kind": "bar", "data": [{"bar": "first", "height": 3}, {"bar": "last", "height": 4}]},
)


def run(code, steps, tmp_path, **options):
    """Run a program in the repository, whose files it may name."""
    path = tmp_path / "program.py"
    path.write_text(code, encoding="utf-8")
    return program(path, steps, folder=ROOT, **options)


def runs(number, snippet):
    """Leave to the long run what starts the server by `Bridge` as a snippet before it does."""
    again = connects(snippet) and any(map(connects, SNIPPETS[:number]))
    return pytest.param(snippet, id=last(snippet), marks=[pytest.mark.long] if again else [])


def connects(snippet):
    return "Bridge(" in snippet and "OpenAI(" in snippet


def last(code):
    return code.strip().splitlines()[-1][:40]


@pytest.mark.parametrize("snippet", [runs(*one) for one in enumerate(SNIPPETS)])
def test_snippet_runs(snippet, tmp_path):
    steps = [[CHART], "The last."] if connects(snippet) else []
    out, endpoint = run(snippet, steps, tmp_path)
    if steps:
        assert out.startswith("The last.\n")
        assert [picture.format for picture in endpoint.seen] == ["PNG"]


@pytest.mark.long
def test_thread_example():
    path = ROOT / "examples" / "thread.py"
    out, endpoint = program(path, [[("get_image", {"text": "HELLO"})], "White on green."])
    assert out == "White on green.\n"
    (picture,) = endpoint.seen
    assert (picture.size, picture.format) == ((640, 200), "PNG")
    assert path.read_text(encoding="utf-8").count("# changed: ") == 3


@pytest.mark.parametrize(
    ("form", "number", "table", "command"),
    [
        ("json", 0, "mcpServers", "command"),
        ("json", 1, "servers", "command"),
        ("toml", 0, "mcp_servers", "command"),
        ("yaml", 0, "extensions", "cmd"),
        ("yaml", 1, "mcpServers", "command"),
    ],
)
def test_the_hosts_entries_start_our_server(form, number, table, command):
    read = {"json": json.loads, "toml": tomllib.loads, "yaml": YAML(typ="safe").load}[form]
    found = re.findall(rf"```{form}\n(.*?)```", PAGES["server.md"], re.DOTALL)
    assert len(found) == {"json": 2, "toml": 1, "yaml": 2}[form]
    server = read(found[number])[table]["imagebridge"]
    assert server[command] == "uvx"
    assert server["args"][:3] == ["--from", "imagebridge[server]", "imagebridge-server"]


@pytest.mark.anyio
async def test_the_table_names_every_tool_of_the_server_and_no_other():
    async with Client(build_server(Settings(create=True))) as client:
        offered = [tool.name for tool in (await client.list_tools()).tools]
    (table,) = re.findall(r"\| tool \| what it does \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGES["server.md"])
    cells = [row.split("|")[1] for row in table.splitlines()]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)", cell)) == sorted(offered)


def test_both_commands_are_complete_lines():
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert commands == [
        "python3 -m pip install -q uv && uv run imagebridge demo",
        "python3 -m pip install -q uv && uv run pytest",
    ]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200


@pytest.mark.long
@pytest.mark.anyio
async def test_the_table_of_kinds_counts_what_arrives():
    by_hand_right, ours = [], []
    server = StdioServerParameters(command=KINDS[0], args=KINDS[1:], env=ENVIRONMENT)
    async with Bridge(server) as bridge:
        for name, result in kinds.KINDS.items():
            by_hand_right.append(is_right(name, by_hand(CallToolResult.model_validate(result()))))
            ours.append(is_right(name, (await bridge.answer(name, {})).parts))
    alone = re.findall(r"\| alone \| (\d+) \|", PAGES["compatibility.md"])
    rows = re.findall(
        r"^\| (?:a hand-written loop|the best of eight|imagebridge).* \| (\d+) \|$", README, re.MULTILINE
    )
    assert (len(alone), f"of {len(kinds.KINDS)} |" in README) == (8, True)
    assert list(map(int, rows)) == [sum(by_hand_right), max(map(int, alone)), sum(ours)]


@pytest.mark.long
def test_the_picture_shows_the_demo_as_it_is(tmp_path):
    demo = runpy.run_path(str(ROOT / "docs" / "demo.py"))
    with Image.open(ROOT / "docs" / "demo.png") as picture:
        assert picture.size == demo["SIZE"]
        shown = picture.text[demo["WORDS"]]
    now = demo["words"](demo["demo"](tmp_path).read_text(encoding="utf-8"))
    assert shown == now, "docs/demo.png is out of date: uv run --group checks python docs/demo.py"


def test_the_release_page_names_the_pages_that_change_with_the_first_release():
    before, _, rest = PAGES["release.md"].partition("\n   ```sh\n   git grep -niE ")
    _, _, step = before.rpartition("\n3. ")
    pattern = rest.split('"')[1]
    pages = {f"docs/{name}": text for name, text in PAGES.items() if name != "release.md"}
    changed = {
        name
        for name, text in {"README.md": README, **pages}.items()
        if re.search(pattern, text, re.IGNORECASE)
    }
    assert set(re.findall(r"[\w/-]+\.md", step)) == {"CHANGELOG.md", *changed}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")], ids=lambda path: path.name
)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?![a-z]+:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.anyio
async def test_the_tool_of_a_server_author_shows_its_picture(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGES["server-authors.md"], re.DOTALL)
    program = tmp_path / "signs.py"
    program.write_text(code, encoding="utf-8")
    async with Client(runpy.run_path(str(program))["server"]) as client:
        text, picture = (await client.call_tool("sign", {"colour": "red"})).content
    assert text.text == "A red sign."
    image = Image.open(BytesIO(b64decode(picture.data)))
    assert (image.size, Image.MIME[image.format]) == ((320, 200), picture.mime_type)
    assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
