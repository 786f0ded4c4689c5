"""Writes the figures of a run to docs/results.md, and reads them back."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.plots import PLOTS, drawn
from benchmarks.ratios import SECTIONS

PAGE = Path(__file__).parents[2] / "docs" / "results.md"
FOLDER = PAGE.with_suffix("")
"""Where the plots are."""
COLUMNS = ("", "measured", "bound", "in figures")
PACKAGES = (
    "imagebridge",
    "mcp",
    "openai",
    "httpx2",
    "pydantic",
    "pillow",
    "pybase64",
    "zlib-ng",
    "stringzilla",
    "resvg-py",
    "vl-convert-python",
    "pypdfium2",
    "python-calamine",
    "uvicorn",
)
"""What the figures depend on most."""
UNKNOWN = "not measured"

HEAD = """# Results

This page shows what imagebridge costs compared with a hand-written loop, the SDKs and other libraries. For each ratio, both
sides are measured alternately on the same machine, and the lowest of several rounds counts unless a table says otherwise; a
ratio below 1 means less than the other side. A test checks each bound, and bounds that are not met are listed here.

"""
FOOT = """
## The run

`{command}` wrote this page on {day:%Y-%m-%d}, in {minutes:.0f} minutes{quick}. Machine: {machine}. Load at the start: {load:.1f}; an idle
machine has 0.

{versions}.
"""


class Run:
    """The measurements of a run.

    measured: the worst value of each figure, and what its test said of it. plotted: the rows of each plot.
    """

    def __init__(self):
        self.measured = {}
        self.plotted = {}

    def add(self, figures):
        """Add the measurements of the tests in a file."""
        for one in figures["measured"]:
            self.measured.setdefault(one["key"], []).append((one["value"], one["said"]))
        self.plotted |= figures["plotted"]

    def worst(self, ratio):
        """Return the worst value of a figure and its remark, or None if it was not measured."""
        found = self.measured.get(ratio.key)
        return found and (min if ratio.is_floor else max)(found, key=lambda one: one[0])

    def missed(self, sections):
        """Yield the figures in sections that were not measured, or that miss their bounds."""
        for section in sections:
            for ratio in section.ratios:
                found = self.worst(ratio)
                if found is None:
                    yield f"{section.title}, {ratio.what}: {UNKNOWN}"
                elif not ratio.is_met(found[0]):
                    yield f"{section.title}, {ratio.what}: {ratio.in_words(found[0])}, the bound is {ratio.bound_in_words()}"


def page(run, command, load, minutes, is_quick):
    """Return the whole page."""
    foot = FOOT.format(
        command=command,
        day=datetime.now(UTC),
        minutes=minutes,
        quick=", in few rounds, so its figures are rough" if is_quick else "",
        machine=machine(),
        load=load,
        versions=", ".join(f"{name} {version(name)}" for name in PACKAGES),
    )
    plots = [_plot(name, run.plotted[name]) for name in PLOTS if name in run.plotted]
    tables = [tables_of(section, run) for section in SECTIONS if section.ratios]
    return "\n".join([HEAD + _verdict(run), *plots, *tables]) + foot


def _verdict(run):
    bounds = [ratio for section in SECTIONS for ratio in section.ratios if ratio.bound is not None]
    missed = list(run.missed(SECTIONS))
    if not missed:
        return f"All {len(bounds)} bounds are met.\n"
    listed = "".join(f"- {one}\n" for one in missed)
    return f"Of {len(bounds)} bounds, these are not met or were not measured:\n\n{listed}"


def tables_of(section, run):
    """Write the table of a section."""
    rows = []
    for ratio in section.ratios:
        value, said = run.worst(ratio) or (None, "")
        shown = UNKNOWN if value is None else ratio.in_words(value)
        if value is not None and not ratio.is_met(value):
            shown = f"**{shown}, not met**"
        rows.append((ratio.what, shown, ratio.bound_in_words(), said))
    return f"## {section.title}\n\n{section.words}\n\n{table(COLUMNS, rows)}"


def table(head, rows):
    """Write a table in Markdown."""
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in (head, ("---",) * len(head), *rows))


def read(text):
    """Return the cells of the rows of every table, without heads."""
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    lines = [line for one in tables for line in one.splitlines()[2:]]
    return [tuple(cell.strip() for cell in line[1:-1].split("|")) for line in lines]


def _plot(name, rows):
    plot = PLOTS[name]
    unit = f", in {plot.y_title}" if plot.y_title else ""
    return (
        f"## {plot.title}\n\n{plot.words}\n\n![{plot.title}]({FOLDER.name}/{name}.svg)\n\n"
        f"<details><summary>The figures{unit}</summary>\n\n{plot_table(plot, rows)}\n</details>\n"
    )


def plot_table(plot, rows):
    """Write the table for a plot."""
    return table((plot.x_title, *plot.series), pivoted(plot, rows))


def pivoted(plot, rows):
    """Return rows with a column for each series."""
    found = {(row["series"], row["x"]): row["y"] for row in rows}
    return [
        (x, *(found[series, x] for series in plot.series)) for x in dict.fromkeys(row["x"] for row in rows)
    ]


def unpivoted(plot, rows):
    """Return the rows of a plot as `pivoted` was given them, from the cells of a page."""
    first = str if plot.form == "bars" else float
    return [
        {"series": series, "x": first(x), "y": float(y)}
        for x, *values in rows
        for series, y in zip(plot.series, values, strict=True)
    ]


def write(run, **facts):
    """Write the page and its plots."""
    FOLDER.mkdir(exist_ok=True)
    for name, rows in run.plotted.items():
        shown = unpivoted(PLOTS[name], pivoted(PLOTS[name], rows))
        (FOLDER / f"{name}.svg").write_text(drawn(name, shown) + "\n", encoding="utf-8")
    PAGE.write_text(page(run, **facts), encoding="utf-8")


def machine():
    """Describe this machine."""
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} cores, {_processor()}, {system}, Python {platform.python_version()}"


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )
