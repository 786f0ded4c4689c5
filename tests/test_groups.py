"""The packages that uv downloads before the demo runs in a fresh clone."""

import re
import tomllib

from groups import ROOT
from packaging.markers import Marker
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

MOST = 80_000_000
"""Bytes that the first command of the README may download."""
UV = 18_000_000
"""Bytes of uv itself, which pip fetches for the same command (uv 0.13.9)."""
LINUX = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "os_name": "posix",
}
CPYTHON = {"python_version": "3.11", "python_full_version": "3.11.7", "implementation_name": "cpython"}
_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(36, 4, -1)] + ["manylinux2014_x86_64"]
TAGS = set(cpython_tags((3, 11), platforms=_PLATFORMS)) | set(compatible_tags((3, 11), "cp311", _PLATFORMS))


def taken(group):
    """Return what uv.lock has for each package that a group needs on Linux, by name."""
    packages = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]:
        if all(Marker(text).evaluate({**LINUX, **CPYTHON}) for text in package.get("resolution-markers", ())):
            packages[package["name"]] = package
    seen, waiting = set(), [*packages["imagebridge"]["dev-dependencies"][group]]
    while waiting:
        needed = waiting.pop()
        marker = needed.get("marker")
        if marker and not Marker(marker).evaluate({**LINUX, **CPYTHON, "extra": ""}):
            continue
        package = packages[needed["name"]]
        for extra in ("", *needed.get("extra", ())):
            if (package["name"], extra) not in seen:
                seen.add((package["name"], extra))
                inner = package.get("optional-dependencies", {}).get(extra, ()) if extra else ()
                waiting += inner or package.get("dependencies", ())
    return {name: packages[name] for name, _ in seen if name != "imagebridge"}


def size(package):
    """Return the bytes of the file that uv takes of a package: the smallest wheel that fits, or the sources."""
    fitting = [
        wheel["size"]
        for wheel in package.get("wheels", ())
        if parse_wheel_filename(wheel["url"].rpartition("/")[2].replace("%2B", "+"))[3] & TAGS
    ]
    return min(fitting, default=package.get("sdist", {}).get("size", 0))


def test_the_demo_downloads_less_than_it_may():
    fetched = {name: size(package) for name, package in taken("dev").items()}
    assert {"mcp", "openai", "pillow", "vl-convert-python", "pytest"} <= fetched.keys()
    assert all(fetched.values())
    assert sum(fetched.values()) < MOST, sorted(fetched.items(), key=lambda one: -one[1])


def test_the_readme_says_how_much_the_demo_and_the_tests_download():
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    (said,) = re.findall(
        r"The demo downloads about (\d+) MB, uv included; the tests about (\d+) MB more", readme
    )
    demo, tests = taken("dev"), taken("tests")
    more = [package for name, package in tests.items() if name not in demo]
    for figure, fetched in zip(said, (UV + sum(map(size, demo.values())), sum(map(size, more))), strict=True):
        assert abs(int(figure) * 1_000_000 - fetched) < 5_000_000
