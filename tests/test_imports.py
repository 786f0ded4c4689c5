"""Importing is fast and has no side effects."""

import subprocess
import sys

import pytest

PROBE = """
import builtins, io, logging, os, sys
before = dict(os.environ)
opened = []
real = io.open_code
root = logging.getLogger()
handlers, level = list(root.handlers), root.level
def audit(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        opened.append(arguments[0])
sys.dont_write_bytecode = True
sys.addaudithook(audit)
{statement}
assert dict(os.environ) == before
assert (list(root.handlers), root.level) == (handlers, level)
assert not opened, opened
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {heavy}))
"""
HEAVY = {
    "mcp",
    "mcp_types",
    "openai",
    "PIL",
    "vl_convert",
    "resvg_py",
    "pypdfium2",
    "numpy",
    "rich",
    "anyio",
    "pydantic",
}


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        (
            "from imagebridge import Policy, function_call_output, output_parts, responses_tools, tool_result, trim",
            set(),
        ),
        (
            "import imagebridge.translate.result, imagebridge.pictures.svg, imagebridge.pictures.contact_sheet",
            set(),
        ),
        ("import imagebridge.cli", set()),
        ("import imagebridge_tools", {"anyio"}),
        ("import imagebridge_server", set()),
        ("import imagebridge.testing, imagebridge.rules", set()),
    ],
)
def test_import_loads_nothing_heavy_and_touches_nothing(statement, loaded):
    code = PROBE.format(statement=statement, heavy=HEAVY)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) == loaded
    assert run.stderr == ""


def test_the_names_of_the_package_are_what_they_are_called():
    code = (
        "import imagebridge\nfrom imagebridge.pictures import picture\n"
        "assert callable(imagebridge.translate), imagebridge.translate\n"
        "assert all(hasattr(imagebridge, name) for name in imagebridge.__all__)\n"
        "assert imagebridge.Bridge.__name__ == 'Bridge'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
