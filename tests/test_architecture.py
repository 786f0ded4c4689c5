"""docs/architecture.md names the rooms and files that there are, and no others; files stay small, imports one way."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = ("bridge/imagebridge", "tools/imagebridge_tools", "server/imagebridge_server")
NAMED = sorted(set(re.findall(r"`([\w/]+(?:\.py|\.toml|/))`", PAGE)))


@pytest.mark.parametrize("path", NAMED)
def test_a_path_leads_somewhere(path):
    assert any((ROOT / base / path).exists() for base in (".", PACKAGES[0]))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_drawing_shows_every_room(package):
    lines = PAGE[PAGE.index(f"    {package}/\n") :].splitlines()[1:]
    drawn = []
    for line in lines:
        if not (found := re.match(r" {6}([\w/.]+) ", line)):
            break
        drawn.append(found[1])
    assert all((ROOT / package / name).exists() for name in drawn)
    rooms = {f"{path.parent.name}/" for path in (ROOT / package).glob("*/__init__.py")}
    assert rooms == {name for name in drawn if name.endswith("/")}


def test_no_module_imports_itself_by_way_of_others():
    """Over all modules, a package and what is in it too; imports for types alone count."""
    names = [Path(package).name for package in PACKAGES]
    graph = grimp.build_graph(*names, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 100
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_is_at_most_400_lines(package):
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / package).rglob("*.py")}
    assert {path: count for path, count in lines.items() if count > 400} == {}
