"""Run every framework with every kind of result and every CLI with a photograph, and write docs/compatibility.md.

    uv run python -m tests.compat            the locked versions
    uv run python -m tests.compat --newest   the newest versions: changed rows are listed, nothing is written

The exit code is 1 if a row does not reach its minimum, or, with --newest, differs from the page.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The tests' own modules, as pytest finds them.
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from groups import bring

bring("checks")

import npm
from compat.clis import CLIS, WAYS, Cli, looked
from compat.frameworks import FRAMEWORKS, LOCKS
from compat.report import OF_CLIS, OF_FRAMEWORKS, PAGE, findings, page, table, written
from compat.running import asked, environment, resolved, wrong
from servers import kinds


def built(folder):
    """Build the wheel of this tree and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=TESTS.parent, check=True, capture_output=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def newest(subject):
    """Return a lock of the newest versions of a framework or a CLI."""
    return npm.resolved([subject.package]) if isinstance(subject, Cli) else resolved(subject)


def cell(words):
    """Return text in the form for a cell of a table."""
    return " ".join(words.replace("|", "/").split())


def framework_rows(framework, folder, wheel, lock):
    """Yield a row for each way: the framework's name, its version, the way, the number of correct kinds, and the others."""
    made = environment(framework, folder, wheel, lock)
    version = made.versions[framework.packages[0].partition("[")[0]]
    for how in framework.least:
        lost = wrong(asked(framework, how, made.program)[0])
        yield framework.name, version, how, str(len(kinds.KINDS) - len(lost)), " ".join(lost)


def cli_rows(cli, folder, lock):
    """Yield a row for each way: the CLI's name, its version, the way, and the picture that its model saw."""
    version, told = looked(cli, folder, lock)
    for how, words in told.items():
        yield cli.name, version, how, cell(words)


def rows_of(subject, folder, wheel, is_newest):
    """Return the rows of a framework or a CLI; if it cannot be run, the row for each way gives the reason."""
    is_cli = isinstance(subject, Cli)
    lock = LOCKS / subject.lock
    try:
        if is_newest:
            lock = folder / subject.lock
            lock.write_text(newest(subject))
        own = folder / subject.name
        rows = list(cli_rows(subject, own, lock) if is_cli else framework_rows(subject, own, wheel, lock))
    except (AssertionError, KeyError, OSError, StopIteration, subprocess.SubprocessError) as error:
        why = cell(f"{error!r} {getattr(error, 'stderr', None) or ''}")
        counted = () if is_cli else ("0",)
        ways = WAYS if is_cli else subject.least
        rows = [(subject.name, "none", how, *counted, f"wrong: not run: {why[-500:]}") for how in ways]
    for row in rows:
        print(*row, flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--newest", action="store_true", help="resolve afresh, and compare with the page")
    parser.add_argument(
        "--lock", action="store_true", help="resolve afresh, and keep that as the locked versions"
    )
    parser.add_argument(
        "names", nargs="*", help="what to run; all by default, and only then the page is written"
    )
    chosen = parser.parse_args()
    every = {one.name: one for one in (*FRAMEWORKS, *CLIS)}
    if unknown := [name for name in chosen.names if name not in every]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(every)}")
    subjects = [every[name] for name in chosen.names or every]
    if chosen.lock:
        for one in subjects:
            (LOCKS / one.lock).write_text(newest(one))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        wheel = built(folder)
        found = pool.map(lambda one: rows_of(one, Path(folder), wheel, chosen.newest), subjects)
        rows = [row for of_one in found for row in of_one]
    print(table(OF_FRAMEWORKS, rows), table(OF_CLIS, rows), sep="\n")
    told = list(findings(rows, written(PAGE.read_text(encoding="utf-8")) if chosen.newest else None))
    if not chosen.newest and not chosen.names:
        PAGE.write_text(page(rows), encoding="utf-8")
    print(*told, sep="\n")
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
