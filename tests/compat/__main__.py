"""Run every framework with every kind of result, print the table, and write docs/compatibility.md.

    uv run python -m tests.compat            the locked versions
    uv run python -m tests.compat --newest   what resolves today: each row that changed is named, nothing is written

Exit code 1 where a row reaches less than it must, or, with --newest, is another one than on the page.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

# The tests' own modules, as pytest finds them.
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from compat.frameworks import FRAMEWORKS, LOCKS
from compat.running import asked, environment, resolved, wrong
from servers import kinds

PAGE = TESTS.parent / "docs" / "compatibility.md"
HEAD = f"""# What models see through frameworks

A server with a tool for each of {len(kinds.KINDS)} kinds of results (`tests/servers/kinds.py`), an agent of each framework that calls every
one, and the strict endpoint of `imagebridge.testing` in place of the model. A kind is right where the request was one that the API
takes and held what the tool meant: the picture whole and in order, the words, the error told as one. *alone* is the framework as
it is, *relay* the same behind `imagebridge proxy`, *adapter* with one of ours. See [frameworks](frameworks.md) and
[the relay](relay.md).

`uv run python -m tests.compat` writes this page; `--newest` takes what resolves today and names what changed.

"""


def built(folder):
    """Build the wheel of this tree and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=TESTS.parent, check=True, capture_output=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def rows_of(framework, folder, wheel, newest):
    """Return a row for each way: the framework's name, its version, the way, how many kinds are right, and which are not."""
    lock = LOCKS / framework.lock
    if newest:
        lock = folder / framework.lock
        lock.write_text(resolved(framework))
    made = environment(framework, folder / framework.name, wheel, lock)
    version = made.versions[framework.packages[0].partition("[")[0]]
    rows = []
    for how in framework.least:
        lost = wrong(asked(framework, how, made.program)[0])
        rows.append((framework.name, version, how, len(kinds.KINDS) - len(lost), " ".join(lost)))
        print(*rows[-1], flush=True)
    return rows


def table(rows):
    """Write rows as on the page."""
    lines = ["| framework | version | how | right | not right |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def written():
    """Return what the page says of each framework and way: how many are right, and which are not."""
    found = re.findall(
        r"^\| ([\w-]+) \| [^|]+ \| (\w+) \| (\d+) \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE
    )
    return {(name, how): (int(right), lost) for name, how, right, lost in found}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--newest", action="store_true", help="resolve afresh, and compare with the page")
    parser.add_argument(
        "--lock", action="store_true", help="resolve afresh, and keep that as the locked versions"
    )
    parser.add_argument(
        "names", nargs="*", help="frameworks; all by default, and only then the page is written"
    )
    chosen = parser.parse_args()
    frameworks = [one for one in FRAMEWORKS if not chosen.names or one.name in chosen.names]
    if chosen.lock:
        for framework in frameworks:
            (LOCKS / framework.lock).write_text(resolved(framework))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        wheel = built(folder)
        rows = [
            row
            for found in pool.map(lambda one: rows_of(one, Path(folder), wheel, chosen.newest), frameworks)
            for row in found
        ]
    print(table(rows))
    least = {(one.name, how): least for one in FRAMEWORKS for how, least in one.least.items()}
    findings = [f"{name} {how}: {right}, at least {least[name, how]} are due" for name, _, how, right, _ in rows
                if right < least[name, how]]  # fmt: skip
    if chosen.newest:
        known = written()
        findings += [
            f"{name} {version} {how} changed: {right} ({lost}), was {known.get((name, how))}"
            for name, version, how, right, lost in rows
            if known.get((name, how)) != (right, lost)
        ]
    elif not chosen.names:
        day = f"Run on {datetime.now(UTC):%Y-%m-%d}, with Python {sys.version.split()[0]}.\n"
        PAGE.write_text(HEAD + table(rows) + "\n" + day)
    print(*findings, sep="\n")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
