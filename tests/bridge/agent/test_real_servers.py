"""Real servers from npm: a browser whose pictures show each click, and three similar servers whose tools keep names.

`uv run pytest -m long tests/bridge/test_real_servers.py`; it needs Chromium, and the network for npm.
"""

import json
import shutil

import anyio
import npm
import pytest
import samples
from commands import run
from mcp import StdioServerParameters

from imagebridge import Bridge

pytestmark = [pytest.mark.anyio, pytest.mark.long]

ROUNDS, STARTS = 10, 20

PAGE = """<!doctype html><title>Clicks</title>
<body style="margin: 0; background: rgb(255, 255, 255)"><button style="font-size: 30px">Next</button>
<script>
let clicks = 0
document.querySelector("button").onclick = () => {
  clicks += 1
  document.body.style.background = `rgb(${clicks * 20}, 0, ${255 - clicks * 20})`
}
</script>"""


def chromium():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "the test needs Chromium on the PATH: on Debian `apt-get install chromium`"
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """The words that start @playwright/mcp with this machine's Chromium, also as root."""
    config = tmp_path_factory.mktemp("playwright") / "config.json"
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    launch = {"executablePath": chromium(), "headless": True, "chromiumSandbox": False}
    launch["args"] = [*quiet, "--disable-component-update", "--disable-sync"]
    config.write_text(json.dumps({"browser": {"browserName": "chromium", "launchOptions": launch}}))
    script = npm.script("@playwright/mcp", "cli.js")
    return [str(npm.node()), str(script), "--isolated", "--config", str(config)]


def call(number, name, **arguments):
    written = json.dumps(arguments)
    return {"type": "function_call", "call_id": f"call_{number}", "name": name, "arguments": written}


async def outputs(bridge, *calls):
    made = [call(number, name, **arguments) for number, (name, arguments) in enumerate(calls)]
    answered = await bridge.outputs({"model": "gpt-5.6-luna", "output": made})
    return [one["output"] for one in answered]


def corner(output):
    """The colour of the page in the last picture of an output."""
    pictures = [part["image_url"] for part in output if part["type"] == "input_image"]
    assert len(pictures) == 1, output
    image = samples.pixels(pictures[0])
    return image.getpixel((image.width - 5, image.height - 5))


async def test_each_screenshot_shows_the_click_before_it(browser, tmp_path):
    command, *arguments = browser
    server = StdioServerParameters(command=command, args=arguments, cwd=str(tmp_path))
    page = f"data:text/html,{PAGE}".replace("#", "%23").replace("\n", "%0A")
    async with Bridge(server, timeout=600) as bridge:
        schema = next(one for one in bridge.tools if one["name"] == "browser_click")["parameters"]
        target = "target" if "target" in schema["properties"] else "ref"
        opened, snapshot = await outputs(
            bridge, ("browser_navigate", {"url": page}), ("browser_snapshot", {})
        )
        assert "Tool error" not in str(opened)
        button = str(snapshot).partition('button "Next"')[2].partition("[ref=")[2].partition("]")[0]
        assert button, snapshot
        seen = []
        for _ in range(ROUNDS):
            click = {"element": "Next", target: button}
            clicked, picture = await outputs(
                bridge,
                ("browser_click", click),
                ("browser_take_screenshot", {"type": "png", "scale": "css"}),
            )
            assert "Tool error" not in str(clicked), clicked
            seen.append(corner(picture))
    assert seen == [(20 * at, 0, 255 - 20 * at) for at in range(1, ROUNDS + 1)]


def test_the_example_that_the_help_of_call_gives_works(browser, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = " ".join(browser)
    done = run(
        "call",
        "browser_navigate",
        '{"url": "data:text/html,<title>Hello</title><h1>Hello</h1>"}',
        "browser_take_screenshot",
        "{}",
        "--server",
        line,
        "--json",
        "--timeout",
        "120",
    )
    assert done.exit_code == 0, done.output
    navigated, shot = json.loads(done.stdout)
    assert "Hello" in str(navigated["output"])
    assert [part["type"] for part in shot["output"]].count("input_image") == 1


@pytest.fixture
def three(tmp_path):
    """A configuration that names one server three times."""
    script = npm.script("@modelcontextprotocol/server-everything")
    entry = {"command": str(npm.node()), "args": [str(script)]}
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": dict.fromkeys(("one", "two", "three"), entry)}))
    return config


async def test_three_servers_of_one_kind_have_the_same_names_at_each_start(three):
    starts = []
    for _ in range(STARTS):
        async with Bridge(config=three, timeout=600) as bridge:
            # What it tells of its tools as it starts comes now.
            await anyio.wait_all_tasks_blocked()
            await bridge.settled()
            names = [tool["name"] for tool in bridge.tools]
            reached = await outputs(
                bridge, *[(f"{name}_echo", {"message": name}) for name in ("one", "two", "three")]
            )
            starts.append((names, reached))
    assert len({json.dumps(start) for start in starts}) == 1
    names, reached = starts[0]
    assert len(set(names)) == len(names)
    assert reached == ["Echo: one", "Echo: two", "Echo: three"]
    assert {name.partition("_")[0] for name in names} == {"one", "two", "three"}
