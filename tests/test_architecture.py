"""docs/architecture.md names exactly the existing packages and files; files stay small, imports go one way."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

import imagebridge_tools

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = ("bridge/imagebridge", "tools/imagebridge_tools", "server/imagebridge_server")
NAMED = sorted(set(re.findall(r"`([\w/]+(?:\.py|\.toml|/))`", PAGE)))


@pytest.mark.parametrize("path", NAMED)
def test_a_path_leads_somewhere(path):
    assert any((ROOT / base / path).exists() for base in (".", PACKAGES[0]))


def drawing(package):
    """Return the rooms and files that the page shows of a package, from top to bottom."""
    lines = PAGE[PAGE.index(f"    {package}/\n") :].splitlines()[1:]
    found = [re.match(r" {6}([\w/.]+) ", line) for line in lines]
    return [one[1] for one in found[: found.index(None)]]


@pytest.fixture(scope="module")
def imports():
    """What each module imports of our packages; imports for types alone count."""
    names = [Path(package).name for package in PACKAGES]
    graph = grimp.build_graph(*names, exclude_type_checking_imports=False, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_drawing_shows_every_room(package):
    drawn = drawing(package)
    assert all((ROOT / package / name).exists() for name in drawn)
    rooms = {f"{path.parent.name}/" for path in (ROOT / package).glob("*/__init__.py")}
    assert rooms == {name for name in drawn if name.endswith("/")}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_knows_only_those_below_it(package, imports):
    names = [name.strip("/").removesuffix(".py") for name in drawing(package)]
    places = {f"{Path(package).name}.{name}": place for place, name in enumerate(names)}

    def place_of(module):
        return places.get(".".join(module.split(".")[:2]))

    upwards = {
        f"{importer} -> {imported}"
        for importer, modules in imports.items()
        if (here := place_of(importer)) is not None
        for imported in modules
        if (there := place_of(imported)) is not None and there < here
    }
    assert upwards == set()


def test_beside_the_rooms_of_the_tools_stands_a_file_for_each_tool_which_no_room_knows(imports):
    drawn = {name.strip("/").removesuffix(".py") for name in drawing("tools/imagebridge_tools")}
    tools = {function.__module__ for function in imagebridge_tools.TOOLS}
    files = {name for name in imports if name.count(".") == 1 and name.startswith("imagebridge_tools.")}
    assert files - {f"imagebridge_tools.{name}" for name in drawn} == tools
    knowing = {name for name, known in imports.items() if known & tools and name not in tools}
    assert {name for name in knowing if not name.startswith("imagebridge_server.")} == {"imagebridge_tools"}


def test_no_module_imports_itself_by_way_of_others(imports):
    """Over all modules, a package and what is in it too."""
    assert len(imports) > 100
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_is_at_most_400_lines(package):
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / package).rglob("*.py")}
    assert {path: count for path, count in lines.items() if count > 400} == {}
