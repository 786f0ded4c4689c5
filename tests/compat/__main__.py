"""Run every framework with every kind of result and every CLI with a photograph, and write docs/compatibility.md.

    uv run python -m tests.compat            the locked versions
    uv run python -m tests.compat --newest   what resolves today: each row that changed is named, nothing is written

Exit code 1 where a row reaches less than it must, or, with --newest, is another one than on the page.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

# The tests' own modules, as pytest finds them.
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

import npm
from compat.clis import CLIS, WAYS, Cli, looked
from compat.frameworks import FRAMEWORKS, LOCKS
from compat.running import asked, environment, resolved, wrong
from servers import kinds

PAGE = TESTS.parent / "docs" / "compatibility.md"
HEAD = f"""# What models see through frameworks and CLIs

## Frameworks, with every kind of result

A server with a tool for each of {len(kinds.KINDS)} kinds of results (`tests/servers/kinds.py`), an agent of each framework that calls every
one, and the strict endpoint of `imagebridge.testing` in place of the model. A kind is right where the request was one that the API
takes and held what the tool meant: the picture whole and in order, the words, the error told as one. *alone* is the framework as
it is, *relay* the same behind `imagebridge proxy`, *adapter* with one of ours. See [frameworks](frameworks.md) and
[the relay](relay.md).

"""
FRAMEWORKS_HEAD = ("framework", "version", "how", "right", "not right")
BETWEEN = """
## CLIs, with a photograph of 12 megapixels

The programs as npm has them, each with a strict local endpoint of its model's API (OpenAI Responses, Anthropic Messages, Gemini) in
place of the model, and the configuration on its page. *server* is `load_image` of our own server, *relay* `read_media_file` of the
official filesystem server behind `imagebridge proxy`. Told is what the picture measured in the request, and the factor in the words
beside it, by which a point that the model names in it is the right one in the photograph.

"""
CLIS_HEAD = ("CLI", "version", "how", "told")
FOOT = f"""
`uv run python -m tests.compat` writes this page; `--newest` takes what resolves today and names what changed. Run on
{datetime.now(UTC):%Y-%m-%d}, with Python {sys.version.split()[0]}.
"""


def built(folder):
    """Build the wheel of this tree and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=TESTS.parent, check=True, capture_output=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def framework_rows(framework, folder, wheel, newest):
    """Yield a row for each way: the framework's name, its version, the way, how many kinds are right, and which are not."""
    lock = LOCKS / framework.lock
    if newest:
        lock = folder / framework.lock
        lock.write_text(resolved(framework))
    made = environment(framework, folder / framework.name, wheel, lock)
    version = made.versions[framework.packages[0].partition("[")[0]]
    for how in framework.least:
        lost = wrong(asked(framework, how, made.program)[0])
        yield framework.name, version, how, str(len(kinds.KINDS) - len(lost)), " ".join(lost)


def cli_rows(cli, folder, newest):
    """Yield a row for each way: the CLI's name, its version, the way, and what its model was shown."""
    version, told = looked(cli, folder / cli.name, npm.resolved([cli.package]) if newest else None)
    for how, words in told.items():
        yield cli.name, version, how, words


def rows_of(subject, folder, wheel, newest):
    """Return the rows of a framework or a CLI; where it cannot be run, one for each way says why."""
    is_cli = isinstance(subject, Cli)
    try:
        rows = list(
            cli_rows(subject, folder, newest) if is_cli else framework_rows(subject, folder, wheel, newest)
        )
    except (AssertionError, subprocess.CalledProcessError, StopIteration) as error:
        why = " ".join(f"{error} {getattr(error, 'stderr', None) or ''}".split())[-500:]
        ways = WAYS if is_cli else subject.least
        counted = () if is_cli else ("0",)
        rows = [(subject.name, "none", how, *counted, f"wrong: not run: {why}") for how in ways]
    for row in rows:
        print(*row, flush=True)
    return rows


def table(head, rows):
    """Write rows as on the page."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def written():
    """Return what the page says of each framework or CLI and way."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    return {(name, how): tuple(said) for name, _, how, *said in rows}


def findings(rows, newest):
    """Yield what is less than it must be and, of the newest versions, what is another than on the page."""
    least = {(one.name, how): right for one in FRAMEWORKS for how, right in one.least.items()}
    known = written()
    for name, version, how, *said in rows:
        if (name, how) in least and int(said[0]) < least[name, how]:
            yield f"{name} {version} {how}: {said[0]}, at least {least[name, how]} are due"
        if said[-1].startswith("wrong"):
            yield f"{name} {version} {how}: {said[-1]}"
        if newest and known.get((name, how)) != tuple(said):
            yield f"{name} {version} {how} changed: {' '.join(said)}; it was {' '.join(known.get((name, how), ('missing',)))}"


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
    every = [*FRAMEWORKS, *CLIS]
    if unknown := set(chosen.names) - {one.name for one in every}:
        parser.error(
            f"there is no {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in every)}"
        )
    subjects = [one for one in every if not chosen.names or one.name in chosen.names]
    if chosen.lock:
        for one in subjects:
            text = npm.resolved([one.package]) if isinstance(one, Cli) else resolved(one)
            (LOCKS / one.lock).write_text(text)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        wheel = built(folder)
        found = pool.map(lambda one: rows_of(one, Path(folder), wheel, chosen.newest), subjects)
        rows = [row for of_one in found for row in of_one]
    of_frameworks = table(FRAMEWORKS_HEAD, [row for row in rows if len(row) == len(FRAMEWORKS_HEAD)])
    of_clis = table(CLIS_HEAD, [row for row in rows if len(row) == len(CLIS_HEAD)])
    print(of_frameworks, of_clis, sep="\n")
    told = list(findings(rows, chosen.newest))
    if not chosen.newest and not chosen.names:
        PAGE.write_text(HEAD + of_frameworks + BETWEEN + of_clis + FOOT, encoding="utf-8")
    print(*told, sep="\n")
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
