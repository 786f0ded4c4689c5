"""The wheel: its content, and that it works in empty environments."""

import json
import zipfile

import pytest
from environments import environment_with, output
from test_readme import CHART, SNIPPETS, run

PACKAGES = {"imagebridge", "imagebridge_tools", "imagebridge_server"}


def test_three_packages_and_what_they_need(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert "imagebridge/cli/demo/bridges.csv" in names
    assert "imagebridge/cli/demo/page.css" in names
    assert "imagebridge_server/viewer.html" in names
    assert {
        f"imagebridge_tools/fonts/{name}" for name in ("Inter-Regular.ttf", "Inter-SemiBold.ttf", "OFL.txt")
    } <= set(names)
    assert {f"imagebridge_tools/vega_lite/{name}" for name in ("schema.json.gz", "LICENSE")} <= set(names)
    assert not [name for name in names if "test" in name and "testing" not in name]


@pytest.mark.wheel
def test_plain_imagebridge_works_without_extras(wheel, tmp_path):
    programs = environment_with(tmp_path / "plain", wheel)
    code = (
        "import json, sys\n"
        "from PIL import Image\n"
        "from imagebridge import function_call_output, tool_result\n"
        "item = function_call_output(tool_result('a', Image.new('RGB', (9, 9))), 'c')\n"
        "print(json.dumps([part['type'] for part in item['output']]))\n"
    )
    assert json.loads(output(programs / "python", "-c", code, cwd=tmp_path)) == ["input_text", "input_image"]
    assert "demo" in output(programs / "imagebridge", "--help")
    sample = json.loads(output(programs / "imagebridge", "call", "get_image", '{"text": "hello"}'))
    assert sample["output"][1]["type"] == "input_image"
    chart = '{"kind": "bar", "data": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]}'
    refused = output(programs / "imagebridge", "call", "generate_chart", chart, status=2)
    assert refused.startswith("Error: unknown tool 'generate_chart'; ")
    assert refused.endswith('pip install "imagebridge[server]"\n')


@pytest.mark.wheel
def test_the_extras_draw_and_ask(wheel, tmp_path):
    programs = environment_with(tmp_path / "server", f"imagebridge[agent,server] @ {wheel.as_uri()}")
    chart = '{"kind": "bar", "data": [{"a": "x", "b": 1}, {"a": "y", "b": 2}]}'
    drawn = json.loads(output(programs / "imagebridge", "call", "generate_chart", chart, cwd=tmp_path))
    assert drawn["output"][1]["image_url"].startswith("data:image/png;base64,")
    run(SNIPPETS[0], [[CHART], "The last."], tmp_path, python=programs / "python")
    page = tmp_path / "demo.html"
    assert "refused" in output(programs / "imagebridge", "demo", "--html", page, cwd=tmp_path)
    assert page.stat().st_size > 100_000
