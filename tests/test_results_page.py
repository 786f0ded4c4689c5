"""docs/results.md has exactly the figures that the benchmarks measure, including those that miss their bounds."""

import re
from pathlib import Path

import pytest
from benchmarks.plots import PLOTS, drawn
from benchmarks.ratios import RATIOS, SECTIONS
from benchmarks.results_page import FOLDER, PAGE, UNKNOWN, Run, page, read, unpivoted
from long_rows import one_in

ROOT = Path(__file__).parents[1]
TEXT = PAGE.read_text("utf-8")
TABLES = {part.partition("\n")[0]: read(part) for part in TEXT.split("\n## ")[1:]}
"""The rows below each heading."""


@pytest.mark.parametrize("section", [one for one in SECTIONS if one.ratios], ids=lambda one: one.name)
def test_a_table_has_exactly_the_figures_that_are_declared(section):
    rows = TABLES[section.title]
    assert [(what, bound) for what, _, bound, _ in rows] == [
        (ratio.what, ratio.bound_in_words()) for ratio in section.ratios
    ]
    for ratio, (_, measured, _, _) in zip(section.ratios, rows, strict=True):
        value = re.search(r"[\d.]+", measured)
        assert value or measured == UNKNOWN
        if value and not ratio.is_met(float(value[0])):
            assert measured.endswith("not met**"), ratio.key


def test_there_is_nothing_else_on_the_page():
    titles = [PLOTS[name].title for name in PLOTS] + [one.title for one in SECTIONS if one.ratios]
    assert list(TABLES) == [*titles, "The run"]


def test_every_file_of_benchmarks_is_a_section_and_measures_what_is_declared():
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "benchmarks").glob("test_*.py")}
    assert files == {section.name for section in SECTIONS}
    assert len(RATIOS) == sum(len(section.ratios) for section in SECTIONS)


@pytest.mark.parametrize("name", one_in(3, PLOTS))
def test_a_plot_shows_the_figures_below_it(name):
    plot = PLOTS[name]
    svg = (FOLDER / f"{name}.svg").read_text("utf-8")
    again = drawn(name, unpivoted(plot, TABLES[plot.title]))
    for shape in (r"<text[^>]*>([^<]*)<", r' d="([^"]*)"'):
        assert re.findall(shape, svg) == re.findall(shape, again), (
            "uv run python -m tests.benchmarks draws it anew"
        )
    part = TEXT.partition(f"## {plot.title}\n")[2].partition("\n## ")[0]
    assert f"<summary>The figures{', in ' * bool(plot.y_title)}{plot.y_title}</summary>" in part
    assert len(svg) < 40_000
    assert "prefers-color-scheme: dark" in svg


def test_there_is_no_other_plot():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.svg" for name in PLOTS}


def written(measured):
    """Return the page of a run with these figures alone."""
    run = Run()
    run.add({"measured": measured, "plotted": {}})
    return run, page(run, command="measure", load=0.5, minutes=3, is_quick=True)


def test_what_misses_its_bound_or_was_not_measured_is_told_first():
    run, text = written(
        [
            {"key": "loop create", "value": 0.9, "said": "9 ms beside 10 ms"},
            {"key": "loop direct", "value": 0.5, "said": "5 ms beside 10 ms"},
        ]
    )
    missed = list(run.missed(SECTIONS))
    assert (
        missed[2] == "From a prompt to its answer, `Bridge.run`: 0.90 times, the bound is at most 0.85 times"
    )
    assert len(missed) == len(RATIOS) - 1
    assert all(f"- {one}\n" in text.partition("\n## ")[0] for one in missed)
    assert "| `Bridge.run` | **0.90 times, not met** | at most 0.85 times | 9 ms beside 10 ms |\n" in text
    assert "| `Bridge.run(direct=True)` | 0.50 times | at most 0.6 times | 5 ms beside 10 ms |\n" in text
    assert f"| `Bridge.stream` | {UNKNOWN} | at most 0.8 times |  |\n" in text
    assert "in few rounds, so its figures are rough" in text


def test_a_page_without_misses_says_so():
    every = [{"key": key, "value": ratio.bound or 1, "said": ""} for key, ratio in RATIOS.items()]
    _, text = written(every)
    bounds = sum(ratio.bound is not None for ratio in RATIOS.values())
    assert f"All {bounds} bounds are met." in text
    assert "not met" not in text.partition("## ")[2]


@pytest.mark.parametrize(
    ("key", "values", "worst"), [("loop create", [0.7, 0.9, 0.8], 0.9), ("kinds ours", [31, 30], 30)]
)
def test_of_several_values_the_worst_counts(key, values, worst):
    run, _ = written([{"key": key, "value": value, "said": str(value)} for value in values])
    assert run.worst(RATIOS[key]) == (worst, str(worst))
