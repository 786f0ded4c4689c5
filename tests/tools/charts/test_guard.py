"""Specs may not read files or contact servers."""

from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from imagebridge.errors import ArgumentError
from imagebridge.pictures.decode import opened
from imagebridge_tools import generate_chart
from imagebridge_tools.files.source import NOWHERE, Places
from imagebridge_tools.files.web import Web

pytestmark = pytest.mark.anyio

SALES = [{"month": "Jan", "sales": 30}, {"month": "Feb", "sales": -10}]
SPEC = {
    "data": {"values": SALES},
    "mark": "bar",
    "encoding": {"x": {"field": "month", "type": "nominal"}, "y": {"field": "sales", "type": "quantitative"}},
}


async def problem(spec, places=NOWHERE):
    with pytest.raises(ArgumentError) as caught:
        await generate_chart(spec=spec, places=places)
    assert caught.value.argument == "spec"
    return caught.value.problem


class TestNothingIsReadFromASpec:
    @pytest.mark.parametrize(
        "address",
        ["/etc/hostname", "file:///etc/hostname", "http://127.0.0.1:9/x", "//host/x", "x.csv", "FILE:///x"],
    )
    @pytest.mark.parametrize(
        "spec",
        [
            lambda url: {**SPEC, "data": {"url": url}},
            lambda url: {**SPEC, "transform": [{"lookup": "a", "from": {"data": {"url": url}, "key": "a"}}]},
            lambda url: {"layer": [SPEC, {**SPEC, "data": {"url": url}}]},
            lambda url: {
                **SPEC,
                "data": {"url": url, "format": {"type": "topojson", "feature": "f"}},
                "mark": "geoshape",
            },
            lambda url: {"data": {"values": SALES}, "mark": {"type": "image", "url": url}},
            lambda url: {"data": {"values": SALES}, "mark": "image", "encoding": {"url": {"value": url}}},
        ],
        ids=["data", "lookup", "layer", "geoshape", "mark", "channel"],
    )
    async def test_by_a_written_address(self, spec, address):
        assert "a spec cannot load files or web addresses" in await problem(spec(address))

    @pytest.mark.parametrize(
        ("places", "words"),
        [
            (
                NOWHERE,
                "give the rows in the argument data, or in data.values. To let the argument data read files too, start the server with --allow FOLDER",
            ),
            (
                Places(allow=(Path("/srv/a"), Path("/srv/b"))),
                "pass it as the argument data instead, which reads files in /srv/a, /srv/b",
            ),
            (Places(web=Web()), "pass it as the argument data instead, which reads https: addresses"),
            (
                Places(allow=(Path("/srv/a"),), web=Web()),
                "pass it as the argument data instead, which reads files in /srv/a and https: addresses",
            ),
        ],
    )
    async def test_the_argument_that_reads_files_is_named_with_its_folders(self, places, words):
        for part in (SPEC, {"layer": [SPEC]}):
            said = await problem({**part, "data": {"url": "sales.csv"}}, places)
            assert said == f"data.url is 'sales.csv', but a spec cannot load files or web addresses; {words}"

    async def test_it_is_named_to_those_who_write_vega(self):
        spec = {"data": [{"name": "a", "values": []}, {"name": "b", "url": "sales.csv"}], "marks": []}
        said = await problem(spec, Places(allow=(Path("/srv/a"),)))
        assert said == (
            "data[1].url is 'sales.csv', but a spec cannot load files or web addresses; "
            "pass it as the argument data instead, which reads files in /srv/a"
        )

    @pytest.mark.parametrize(
        ("mark", "words"),
        [
            (
                {"type": "image", "url": "a.png"},
                "mark.url is 'a.png', but a spec cannot load files or web addresses; give a picture as a data: URL",
            ),
        ],
    )
    async def test_what_to_give_instead_of_a_picture_or_a_link(self, mark, words):
        assert await problem({**SPEC, "mark": mark}, Places(allow=(Path("/srv/a"),))) == words

    @pytest.mark.parametrize(
        "spec",
        [
            {"data": {"values": [{"u": "/etc/x.png"}]}, "mark": "image", "encoding": {"url": {"field": "u"}}},
            {
                "data": {"values": [{"u": "file:///etc/x.png"}]},
                "mark": "image",
                "encoding": {"url": {"field": "u"}},
            },
            {
                "data": {"values": [{"u": 1}]},
                "transform": [{"calculate": "'fi' + 'le:///etc/x.png'", "as": "u"}],
                "mark": "image",
                "encoding": {"url": {"field": "u"}},
            },
            {"data": {"values": [{"u": 1}]}, "mark": {"type": "image", "url": {"expr": "'/etc/' + 'x.png'"}}},
        ],
        ids=["path", "url", "calculated", "expression"],
    )
    async def test_by_a_picture_in_the_rows(self, spec):
        assert "files and web addresses are not read" in await problem(spec)

    @pytest.mark.parametrize("scheme", ["", "file://"])
    async def test_by_a_drawing_within_a_drawing(self, tmp_path, scheme):
        red = tmp_path / "red.png"
        Image.new("RGB", (40, 40), "#ff0000").save(red)
        inner = f'<image href="{scheme}{red.as_posix()}" width="40" height="40"/><rect width="9" height="9"/>'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">{inner}</svg>'
        url = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
        spec = {"data": {"values": [{}]}, "mark": {"type": "image", "url": url, "width": 200, "height": 200}}
        (picture,) = (await generate_chart(spec=spec)).pictures
        colors = {color for _, color in opened(picture.data).convert("RGB").getcolors(100_000)}
        assert (0, 0, 0) in colors  # The inner drawing is shown,
        assert (255, 0, 0) not in colors  # the file is not.

    @pytest.mark.parametrize("text", ['"><image href="/etc/x.png"/>', "<image href='/etc/x.png'/>"])
    async def test_by_markup_in_words(self, text):
        rows = [{"month": text, "sales": 3}, {"month": "b", "sales": 5}]
        spec = {
            **SPEC,
            "mark": {"type": "bar", "fill": text, "description": text},
            "title": text,
        }
        assert (await generate_chart(spec=spec, data=rows)).pictures
        assert (await generate_chart(kind="bar", data=rows, title=text)).pictures

    @pytest.mark.parametrize(
        "font",
        [
            '"/><image href="/etc/x.png"/>',
            {"expr": "datum.month"},
            {"value": "<"},
            {"condition": [{"test": "1", "value": "'>"}]},
        ],
    )
    @pytest.mark.parametrize(
        "spec",
        [
            lambda font: {**SPEC, "title": {"text": "a", "font": font}},
            lambda font: {**SPEC, "mark": {"type": "text", "text": "a", "font": font}},
            lambda font: {**SPEC, "config": {"axis": {"labelFont": font}}},
            lambda font: {**SPEC, "title": {"text": "a", "fontWeight": font}},
            lambda font: {**SPEC, "config": {"style": {"cell": {"fontStyle": font}}}},
        ],
        ids=["title", "mark", "config", "weight", "style"],
    )
    async def test_by_the_name_of_a_font(self, spec, font):
        assert "give a plain value, not an expression" in await problem(spec(font))

    async def test_fonts_on_conditions_are_taken(self):
        weight = {"condition": {"test": "datum.index == 0", "value": "bold"}, "value": 400}
        spec = {**SPEC, "config": {"font": "Georgia, 'Times New Roman', serif"}}
        spec["encoding"] = {**SPEC["encoding"], "x": {"field": "month", "axis": {"labelFontWeight": weight}}}
        assert (await generate_chart(spec=spec)).pictures

    async def test_a_server_is_never_asked(self):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, args=(0.01,)).start()
            url = f"http://127.0.0.1:{server.server_port}/x.png"
            rows = {"data": {"values": [{"u": url, "half": url[4:]}]}, "mark": "image"}
            for encoding in ({"url": {"field": "u"}}, {"url": {"field": "v"}}):
                spec = {
                    **rows,
                    "transform": [{"calculate": "'http' + datum.half", "as": "v"}],
                    "encoding": encoding,
                }
                await problem(spec)
            server.shutdown()
        assert asked == []

    async def test_a_column_called_url_is_only_data(self):
        rows = [{"url": "https://example.com/a", "visits": 3}, {"url": "https://example.com/b", "visits": 5}]
        spec = {
            "data": {"values": rows},
            "mark": "bar",
            "encoding": {"x": {"field": "url"}, "y": {"field": "visits"}},
        }
        assert (await generate_chart(spec=spec)).pictures
        assert (await generate_chart(kind="bar", data=rows)).pictures
