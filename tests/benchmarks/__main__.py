"""Measure every figure listed in ratios.py, and write docs/results.md with its plots.

    uv run python -m tests.benchmarks                      everything, on an otherwise idle machine
    uv run python -m tests.benchmarks --quick              a fifth of the rounds, as stated on the page
    uv run python -m tests.benchmarks --only loop chart    some files, without writing the page

The exit code is 1 if a figure misses its bound or could not be measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The tests' own modules, as pytest finds them.
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from groups import bring

bring("checks")

from benchmarks.plots import PLOTS
from benchmarks.ratios import SECTIONS
from benchmarks.results_page import PAGE, Run, plot_table, tables_of, write

HANGS = 1800
"""Seconds after which a file that does not end is given up."""


def figures_of(section, is_quick):
    """Run the tests of a section and return their measurements, or nothing if they could not start."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "benchmark", "-n", "0", "-p", "no:cacheprovider"]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "figures.json"
        command += ["--figures", str(kept), *(["--quick"] if is_quick else [])]
        command += [str(HERE / f"test_{section.name}.py")]
        done = subprocess.run(
            command, cwd=HERE.parents[1], capture_output=True, text=True, timeout=HANGS, check=False
        )
        if done.returncode:
            print(f"\n{done.stdout[-3000:]}{done.stderr[-1000:]}", file=sys.stderr)
        return json.loads(kept.read_text("utf-8")) if kept.exists() else {"measured": [], "plotted": {}}


def worked_below():
    """Return the CPU seconds of all child processes that have exited."""
    times = os.times()
    return times.children_user + times.children_system


def main():
    parser = argparse.ArgumentParser(
        prog="tests.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [section.name for section in SECTIONS]
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=names, help=f"some of {', '.join(names)}"
    )
    asked = parser.parse_args()
    sections = [section for section in SECTIONS if asked.only is None or section.name in asked.only]
    began, load, run = time.monotonic(), os.getloadavg()[0], Run()
    for number, section in enumerate(sections, 1):
        print(f"{number} of {len(sections)}: {section.title}", end="", file=sys.stderr, flush=True)
        start, worked = time.monotonic(), worked_below()
        figures = figures_of(section, asked.quick)
        run.add(figures)
        spent, cpu = time.monotonic() - start, worked_below() - worked
        print(f", {spent:.0f} s, {cpu:.0f} s of CPU", file=sys.stderr, flush=True)
        if section.ratios:
            print(tables_of(section, run))
        for name, rows in figures["plotted"].items():
            print(plot_table(PLOTS[name], rows))
    minutes = (time.monotonic() - began) / 60
    missed = list(run.missed(sections))
    print(*missed, f"{minutes:.1f} minutes", sep="\n")
    if asked.only is None:
        command = f"uv run python -m tests.benchmarks{' --quick' if asked.quick else ''}"
        write(run, command=command, load=load, minutes=minutes, is_quick=asked.quick)
        print(PAGE)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
