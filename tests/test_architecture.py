"""docs/architecture.md names the rooms and files that there are, and no others."""

import re
from pathlib import Path

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
