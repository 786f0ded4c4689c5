"""The public surface: exactly these names, and no deeper imports in code that users read and copy."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import imagebridge

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[1]
NAMES = [
    "Bridge",
    "HttpServer",
    "BridgeError",
    "Policy",
    "Picture",
    "Translation",
    "Reply",
    "Finding",
    "Uploads",
    "function_call_output",
    "output_items",
    "output_parts",
    "translate",
    "chat_messages",
    "chat_part",
    "responses_tools",
    "chat_tools",
    "tool_names",
    "tool_result",
    "repair",
    "check",
    "replace_images",
    "trim",
]
MODULES = ("imagebridge", "imagebridge.events", "imagebridge.testing", "imagebridge.testing.fixtures")
ADAPTERS = {
    "imagebridge.frameworks.openai_agents": ["tools"],
    "imagebridge.frameworks.langchain": ["interceptor", "tools"],
    "imagebridge.frameworks.pydantic_ai": ["toolset"],
}
"""They import their frameworks, which need not be installed here: these are read, not imported."""
SERVER = "imagebridge_server"
# It shows the tables as they stand inside.
OF_OURS = ROOT / "docs" / "facts.py"
DOCUMENTS = [
    ROOT / "README.md",
    *sorted({one for name in ("docs", "examples") for one in (ROOT / name).rglob("*.[mp][dy]")} - {OF_OURS}),
]


def test_the_names_are_exactly_these():
    assert sorted(imagebridge.__all__) == sorted(NAMES)
    assert sorted(name for name in dir(imagebridge) if not name.startswith("_")) == sorted(NAMES)
    with pytest.raises(AttributeError, match="module 'imagebridge' has no attribute 'Brigde'"):
        imagebridge.Brigde  # noqa: B018


@pytest.mark.long
def test_modules_that_were_imported_do_not_show():
    code = (
        "import imagebridge, imagebridge.events, imagebridge.testing, imagebridge.check.review, imagebridge.repair.protocol\n"
        "from imagebridge import *\n"
        "print(*sorted(name for name in dir(imagebridge) if name[0] != '_'))\n"
        "assert callable(imagebridge.check) and callable(imagebridge.repair) and Bridge and Reply and Uploads\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(NAMES)


@pytest.mark.parametrize("module", MODULES)
def test_each_name_is_there_and_documented(module):
    found = importlib.import_module(module)
    for name in found.__all__:
        assert getattr(found, name) is getattr(found, name)
        assert inspect.getdoc(getattr(found, name)), name


@pytest.mark.agent
def test_the_server_offers_what_it_is_built_with():
    import imagebridge_server
    from imagebridge_server import Settings, build_server

    assert sorted(name for name in dir(imagebridge_server) if name[0] != "_") == [
        "Settings",
        "build_server",
        "create_app",
    ]
    assert build_server(Settings()).name == "imagebridge"


@pytest.mark.parametrize("module", ADAPTERS)
def test_an_adapter_offers_exactly_these_and_describes_each_argument(module):
    tree = ast.parse((ROOT / "bridge" / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    (named,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert named == ADAPTERS[module]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    public = {node.name: node for node in tree.body if isinstance(node, functions) and node.name[0] != "_"}
    assert sorted(public) == named
    for function in public.values():
        assert_entries(ast.get_docstring(function), [one.arg for one in function.args.args])


def imports(code):
    """The modules and names that a program takes of ours."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.startswith("imagebridge"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("imagebridge"):
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_use_public_names_alone(document):
    text = document.read_text("utf-8")
    programs = [text] if document.suffix == ".py" else re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for module, name in (one for program in programs for one in imports(program)):
        if module == "imagebridge.frameworks":
            assert f"{module}.{name}" in ADAPTERS, name
            continue
        assert module in (*MODULES, *ADAPTERS, SERVER), module
        names = ADAPTERS.get(module) or importlib.import_module(module).__all__
        assert not name or name in names, (module, name)
    for module in re.findall(r"`(imagebridge(?:_server|_tools)?(?:\.\w+)+)", text):
        parent, _, name = module.rpartition(".")
        if module in ADAPTERS or name in ADAPTERS.get(parent, []):
            continue
        assert module in MODULES or name in importlib.import_module(parent).__all__, module


def arguments(thing):
    """The names of a callable's public arguments; none where there is no signature to be seen."""
    return [name for name in inspect.signature(thing).parameters if name != "self"]


def described():
    for name in NAMES:
        thing = getattr(imagebridge, name)
        if inspect.isfunction(thing) or name in ("Policy",):
            yield pytest.param(thing, id=name)


def sdk_described():
    from imagebridge import Bridge, HttpServer, Picture, Uploads
    from imagebridge.testing import Cut, Endpoint, Fault, Late, Odd, pictures, without
    from imagebridge_server import Settings, build_server

    yield from (Bridge, HttpServer, Uploads, Settings, build_server)
    yield from (Endpoint, Fault, Cut, Late, Odd, pictures, without, Picture.from_bytes, Picture.from_base64)
    yield from (Bridge.run, Bridge.stream, Bridge.call, Bridge.outputs, Bridge.attach)


def assert_entries(text, names):
    entries = text.partition("Args:\n")[2]
    for name in names:
        assert re.search(rf"^    {name}: \w*", entries, re.MULTILINE), name


def assert_described(thing):
    text = inspect.getdoc(thing)
    assert_entries(text, arguments(thing))
    deeper = [
        one
        for one in re.findall(r"imagebridge\.\w+\.\w+", text)
        if not one.startswith(("imagebridge.testing", "imagebridge.events"))
    ]
    assert not deeper


@pytest.mark.parametrize("thing", list(described()))
def test_each_argument_has_its_entry(thing):
    assert_described(thing)


@pytest.mark.agent
def test_each_argument_of_the_bridge_has_its_entry():
    for thing in sdk_described():
        assert_described(thing)


def test_help_of_the_endpoint_is_readable():
    from imagebridge.testing import Endpoint

    assert len(str(inspect.signature(Endpoint))) < 300
    code = "from imagebridge.testing import Endpoint; help(Endpoint)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(done.stdout) < 6_000
