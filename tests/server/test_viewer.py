"""The viewer in a real browser, with this test as its host: MCP Apps 2026-01-26 over postMessage."""

import io
import json
import shutil
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.extension import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from PIL import Image
from samples import b64, file

from imagebridge_server.app import build_server
from imagebridge_server.settings import Settings
from imagebridge_server.viewer import URI

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HANGS = 120_000
"""Milliseconds after which what does not come in the browser is missed, on the busiest machine."""

# What a host must enforce for a page that declares no domains (MCP Apps 2026-01-26, content requirements).
CSP = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; connect-src 'none'"
)

HOST = """<!DOCTYPE html><body style="margin:0">
<iframe id="view" style="width:800px;height:600px;border:0"
  sandbox="allow-scripts allow-same-origin allow-downloads" allow="clipboard-write"></iframe>
<script>
  window.messages = [];
  window.answers = {};
  const view = document.getElementById("view");
  const send = (message) => view.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
  addEventListener("message", ({ source, data }) => {
    if (source !== view.contentWindow) return;
    messages.push(data);
    if (data.id !== undefined && data.method !== undefined) {
      const answer = answers[data.method];
      send(answer === undefined
        ? { id: data.id, error: { code: -32601, message: "not offered" } }
        : { id: data.id, result: answer });
    }
  });
</script>"""

INITIALIZED = {
    "protocolVersion": "2026-01-26",
    "hostInfo": {"name": "test", "version": "1"},
    "hostCapabilities": {},
    "hostContext": {"theme": "dark", "containerDimensions": {"maxHeight": 900, "width": 800}},
}


def striped(size, colour):
    image = Image.new("RGB", size, colour)
    image.paste((255, 255, 255), (0, 0, 10, size[1]))
    return image


def block(image, form="PNG"):
    return {"type": "image", "data": b64(file(image, form)), "mimeType": f"image/{form.lower()}"}


RED = block(striped((400, 200), (200, 0, 0)))
BLUE = block(striped((400, 200), (0, 0, 200)))
SMALL = block(Image.new("RGBA", (40, 60), (0, 160, 0, 255)))


class TestWhatHostsAreTold:
    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def store(self, tmp_path):
        return Settings(store=tmp_path)

    @pytest.fixture(params=["auto", pytest.param("legacy", marks=pytest.mark.long)])
    async def client(self, request, store):
        offer = advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})
        async with Client(build_server(store), mode=request.param, extensions=[offer]) as client:
            yield client

    @pytest.mark.parametrize("mode", ["auto", "legacy"])
    async def test_others_are_not_told_of_the_page(self, mode):
        async with Client(build_server(), mode=mode) as client:
            assert [tool.meta for tool in (await client.list_tools()).tools] == [None] * 12

    async def test_tools_name_the_page_and_it_can_be_read(self, client):
        tools = (await client.list_tools()).tools
        assert {tool.name: tool.meta for tool in tools} == {
            tool.name: {"ui": {"resourceUri": URI}} for tool in tools
        }
        (page,) = (await client.read_resource(URI)).contents
        assert page.mime_type == "text/html;profile=mcp-app"
        assert page.text.startswith("<!DOCTYPE html>")

    async def test_a_host_without_apps_gets_the_picture(self, client):
        result = await client.call_tool("get_image", {"text": "Hi"})
        assert [one.type for one in result.content] == ["text", "image"]

    async def test_a_comparison_names_its_two_sides_to_hosts_with_apps_alone(self, client, store):
        sides = [f"data:image/png;base64,{one['data']}" for one in (RED, BLUE)]
        result = await client.call_tool("compare_images", dict(zip("ab", sides, strict=True)))
        uris = result.content[1].meta["imagebridge/compared"]
        read = [(await client.read_resource(uri)).contents[0].blob for uri in uris]
        assert read == [RED["data"], BLUE["data"]]
        async with Client(build_server(store)) as other:
            result = await other.call_tool("compare_images", dict(zip("ab", sides, strict=True)))
        assert "imagebridge/compared" not in result.content[1].meta

    async def test_sides_that_no_browser_shows_are_not_named(self, client):
        sides = [f"data:image/bmp;base64,{b64(file(striped((40, 20), c), 'BMP'))}" for c in ("red", "blue")]
        result = await client.call_tool("compare_images", dict(zip("ab", sides, strict=True)))
        assert result.content[1].type == "image"
        assert "imagebridge/compared" not in result.content[1].meta

    async def test_the_page_names_nothing_on_the_web(self, client):
        (page,) = (await client.read_resource(URI)).contents
        assert "http:" not in page.text
        assert "https:" not in page.text


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "install Chromium (Debian: apt-get install chromium); the viewer is tested in it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=HANGS)
        yield browser
        browser.close()


@pytest.fixture
def host(browser):
    html = (Path(__file__).parents[2] / "server" / "imagebridge_server" / "viewer.html").read_text("utf-8")
    context = browser.new_context(viewport={"width": 820, "height": 640}, accept_downloads=True)
    context.set_default_timeout(HANGS)
    page = context.new_page()
    wrong = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def serve(route):
        match route.request.url:
            case "https://host.test/":
                route.fulfill(body=HOST, content_type="text/html")
            case "https://viewer.test/":
                headers = {"content-security-policy": CSP, "content-type": "text/html"}
                route.fulfill(body=html, headers=headers)
            case other:
                wrong.append(f"asked for {other}")
                route.abort()

    context.route("**/*", serve)
    yield Host(page)
    context.close()
    assert wrong == []


class Host:
    """The host's side: it answers the viewer, and looks at what the user would see."""

    def __init__(self, page):
        self.page = page

    def open(self, **changes):
        """Open the viewer and answer its greeting; `changes` go into the host's context or capabilities."""
        answer = json.loads(json.dumps(INITIALIZED))
        answer["hostContext"] |= changes.pop("context", {})
        answer["hostCapabilities"] |= changes.pop("capabilities", {})
        self.page.goto("https://host.test/")
        self.answer("ui/initialize", answer)
        self.page.evaluate("view.src = 'https://viewer.test/'")
        self.sent("ui/notifications/initialized")
        return self

    def sent(self, method, count=1):
        """Wait for a message of the viewer and return its parameters."""
        handle = self.page.wait_for_function(
            "([m, n]) => { const f = messages.filter(x => x.method === m); return f.length >= n && f[n - 1] }",
            arg=[method, count],
        )
        return handle.json_value().get("params")

    def answer(self, method, result):
        self.page.evaluate("([m, r]) => { answers[m] = r }", [method, result])

    def notify(self, method, params):
        self.page.evaluate("([method, params]) => send({method, params})", [method, params])

    def result(self, *blocks):
        self.notify("ui/notifications/tool-input", {"arguments": {}})
        self.notify("ui/notifications/tool-result", {"content": list(blocks)})
        return self

    @property
    def view(self):
        return self.page.frame_locator("#view")

    def about(self, start):
        """Wait until the line about the picture begins so."""
        self.view.locator("#about", has_text=start).wait_for()

    def pixel(self, x, y):
        shot = Image.open(io.BytesIO(self.page.locator("#view").screenshot())).convert("RGB")
        return shot.getpixel((x, y))


def near(one, other):
    return all(abs(a - b) <= 8 for a, b in zip(one, other, strict=True))


@pytest.mark.long
class TestInABrowser:
    def test_the_greeting(self, host):
        host.open()
        messages = host.page.evaluate("messages")
        assert messages[0] == {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "ui/initialize",
            "params": {
                "protocolVersion": "2026-01-26",
                "appInfo": {"name": "imagebridge-viewer", "version": "1.0.0"},
                "appCapabilities": {"availableDisplayModes": ["inline", "fullscreen"]},
            },
        }
        assert host.view.locator("#said").inner_text() == "Waiting for the picture …"

    def test_a_picture_is_shown_whole_in_its_middle(self, host):
        host.open().result({"type": "text", "text": "A picture."}, RED)
        host.about("400 × 200 · 100 %")
        assert host.view.locator("#stage img").count() == 1
        stage = host.view.locator("#stage").bounding_box()
        middle = (round(stage["width"] / 2), round(stage["height"] / 2))
        assert near(host.pixel(*middle), (200, 0, 0))
        # The picture's left edge is white, ten pixels wide, 200 pixels left of the middle.
        assert near(host.pixel(middle[0] - 196, middle[1]), (255, 255, 255))
        assert host.view.locator("#strip").is_hidden()

    def test_it_tells_the_height_it_needs(self, host):
        host.open().result(RED)
        host.about("400 × 200")
        size = host.sent("ui/notifications/size-changed", 2)
        assert size["width"] == 800
        assert 200 < size["height"] < 300

    def test_a_picture_larger_than_the_stage_is_fitted_and_zoomed(self, host):
        host.open().result(block(striped((1600, 800), (200, 0, 0)), "WEBP"))
        host.about("1600 × 800 · 50 %")
        host.view.get_by_role("button", name="1:1").click()
        host.about("1600 × 800 · 100 %")
        host.page.keyboard.press("+")
        host.about("1600 × 800 · 150 %")
        host.page.keyboard.press("0")
        host.about("1600 × 800 · 50 %")

    def test_it_is_moved_and_no_gap_opens(self, host):
        host.open().result(block(striped((1600, 1600), (200, 0, 0))))
        host.view.get_by_role("button", name="1:1").click()
        host.about("1600 × 1600 · 100 %")
        assert near(host.pixel(5, 200), (200, 0, 0))
        host.page.mouse.move(100, 200)
        host.page.mouse.down()
        host.page.mouse.move(790, 200, steps=5)
        host.page.mouse.up()
        assert near(host.pixel(5, 200), (255, 255, 255))

    def test_several_are_chosen_from_and_two_of_a_size_compared(self, host):
        host.open().result(RED, SMALL, BLUE)
        host.about("400 × 200")
        assert host.view.locator("#strip button").count() == 3
        host.view.locator("#strip button").nth(1).click()
        host.about("40 × 60")
        assert host.view.get_by_role("button", name="Compare").is_hidden()
        host.view.locator("#strip button").nth(0).click()
        host.view.get_by_role("button", name="Compare").click()
        stage = host.view.locator("#stage").bounding_box()
        middle, y = round(stage["width"] / 2), round(stage["y"] + stage["height"] / 2) + 60
        assert near(host.pixel(middle - 50, y), (200, 0, 0))
        assert near(host.pixel(middle + 50, y), (0, 0, 200))
        host.page.mouse.move(middle, y)
        host.page.mouse.down()
        host.page.mouse.move(middle + 100, y, steps=4)
        host.page.mouse.up()
        assert near(host.pixel(middle + 50, y), (200, 0, 0))
        assert near(host.pixel(middle + 150, y), (0, 0, 200))

    def test_the_full_picture_is_read_from_the_server(self, host):
        large = block(striped((1600, 800), (200, 0, 0)))
        host.open(capabilities={"serverResources": {}})
        host.answer(
            "resources/read",
            {"contents": [{"uri": "x", "mimeType": large["mimeType"], "blob": large["data"]}]},
        )
        host.result({"type": "text", "text": f"Kept as image://{'ab' * 32}."}, RED)
        host.about("400 × 200")
        host.view.get_by_role("button", name="Full size").click()
        host.about("1600 × 800")
        assert host.sent("resources/read") == {"uri": f"image://{'ab' * 32}"}
        assert host.view.get_by_role("button", name="Full size").is_hidden()

    def test_the_full_picture_is_the_one_that_is_shown(self, host):
        large = block(striped((1600, 800), (200, 0, 0)))
        host.open(capabilities={"serverResources": {}})
        host.answer("resources/read", {"contents": [{"mimeType": large["mimeType"], "blob": large["data"]}]})
        told = f"A part of image://{'cd' * 32}. Kept as image://{'ab' * 32}, image://{'ef' * 32}."
        host.result(
            {"type": "text", "text": told}, RED, SMALL | {"_meta": {"imagebridge/uri": "image://12345678"}}
        )
        host.about("400 × 200")
        host.view.get_by_role("button", name="Full size").click()
        host.about("1600 × 800")
        host.view.locator("#strip button").nth(1).click()
        host.view.get_by_role("button", name="Full size").click()
        asked = [host.sent("resources/read", 1), host.sent("resources/read", 2)]
        assert asked == [{"uri": f"image://{'ab' * 32}"}, {"uri": "image://12345678"}]

    def test_two_sides_of_a_comparison(self, host):
        host.open(capabilities={"serverResources": {}})
        sides = {f"image://{n}" * 1: one for n, one in (("a" * 12, RED), ("b" * 12, BLUE))}
        host.page.evaluate(
            "(sides) => { Object.defineProperty(answers, 'resources/read', { get: () => {"
            " const { uri } = messages.at(-1).params;"
            " return { contents: [{ uri, mimeType: 'image/png', blob: sides[uri] }] } } }) }",
            {uri: one["data"] for uri, one in sides.items()},
        )
        host.result(SMALL | {"_meta": {"imagebridge/compared": list(sides)}})
        host.about("40 × 60")
        assert host.view.locator("#strip button").count() == 3
        host.view.get_by_role("button", name="Compare").click()
        host.about("400 × 200")
        stage = host.view.locator("#stage").bounding_box()
        middle, y = round(stage["width"] / 2), round(stage["y"] + stage["height"] / 2) + 60
        assert near(host.pixel(middle - 50, y), (200, 0, 0))
        assert near(host.pixel(middle + 50, y), (0, 0, 200))

    def test_saving_through_the_host(self, host):
        host.open(capabilities={"downloadFile": {}})
        host.answer("ui/download-file", {})
        host.result(RED)
        host.view.get_by_role("button", name="Save").click()
        host.view.get_by_text("Saved").wait_for()
        assert host.sent("ui/download-file") == {
            "contents": [
                {
                    "type": "resource",
                    "resource": {
                        "uri": "file:///picture-1.png",
                        "mimeType": "image/png",
                        "blob": RED["data"],
                    },
                }
            ]
        }

    def test_saving_by_the_browser(self, host, tmp_path):
        host.open().result(SMALL)
        host.about("40 × 60")
        with host.page.expect_download() as download:
            host.view.get_by_role("button", name="Save").click()
        assert download.value.suggested_filename == "picture-1.png"
        download.value.save_as(tmp_path / "saved.png")
        assert b64((tmp_path / "saved.png").read_bytes()) == SMALL["data"]

    def test_copying(self, host):
        host.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        host.open().result(SMALL)
        host.about("40 × 60")
        host.view.get_by_role("button", name="Copy").click()
        host.view.get_by_text("Copied").wait_for()
        types = host.page.evaluate(
            "async () => (window.focus(), (await navigator.clipboard.read()).flatMap(item => item.types))"
        )
        assert types == ["image/png"]

    def test_the_whole_window(self, host):
        host.open(context={"availableDisplayModes": ["inline", "fullscreen"]})
        host.answer("ui/request-display-mode", {"mode": "fullscreen"})
        host.result(RED)
        host.view.get_by_role("button", name="Expand").click()
        host.view.get_by_role("button", name="Shrink").wait_for()
        assert host.sent("ui/request-display-mode") == {"mode": "fullscreen"}

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ([{"type": "text", "text": "data: month is missing"}], "data: month is missing"),
            ([], "This result contains no pictures."),
            (
                [{"type": "image", "data": "AAAA", "mimeType": "image/png"}],
                "This result contains no pictures.",
            ),
        ],
    )
    def test_without_a_picture_the_words_are_shown(self, host, content, said):
        host.open().result(*content)
        host.view.get_by_text(said).wait_for()

    def test_a_cancelled_call(self, host):
        host.open().notify("ui/notifications/tool-cancelled", {"reason": "by the user"})
        host.view.get_by_text("The call was cancelled.").wait_for()

    def test_it_takes_the_hosts_theme(self, host):
        host.open(
            context={"theme": "light", "styles": {"variables": {"--color-background-primary": "#123456"}}}
        )
        colour = host.view.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
        assert colour == "rgb(18, 52, 86)"

    def test_it_ends_when_it_is_asked_to(self, host):
        host.open()
        host.page.evaluate("send({id: 7, method: 'ui/resource-teardown', params: {reason: 'end'}})")
        host.page.wait_for_function("() => messages.some(m => m.id === 7 && m.result)")
