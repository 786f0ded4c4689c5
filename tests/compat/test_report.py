"""docs/compatibility.md has a row for everything that is run, and runs of the newest versions report changed rows."""

import pytest
from compat.report import PAGE, due, findings, page, written

KNOWN = written(PAGE.read_text(encoding="utf-8"))
ROWS = [(name, "1.0", how, *said) for (name, how), said in KNOWN.items()]


def test_the_page_has_every_row_and_none_is_less_than_it_must_be():
    assert KNOWN.keys() == due().keys()
    assert list(findings(ROWS, None)) == []


def test_what_is_written_is_read():
    assert written(page(ROWS)) == KNOWN


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(("langchain", "2.0", "adapter", "31", ""), [], id="as it was"),
        pytest.param(
            ("langchain", "2.0", "adapter", "30", "res_pdf"),
            [
                "langchain 2.0 adapter: 30 right, at least 31 are due",
                "langchain 2.0 adapter changed: 30 | res_pdf; it was 31 | ",
            ],
            id="less",
        ),
        pytest.param(
            ("openai-agents", "1.0", "alone", "31", ""),
            [f"openai-agents 1.0 alone changed: 31 | ; it was {' | '.join(KNOWN['openai-agents', 'alone'])}"],
            id="better",
        ),
        pytest.param(
            ("codex", "1.0", "relay", "2048x1536, factor 1.953"),
            [f"codex 1.0 relay changed: 2048x1536, factor 1.953; it was {KNOWN['codex', 'relay'][0]}"],
            id="another size",
        ),
        pytest.param(
            ("codex", "none", "server", "wrong: not run: it does not install"),
            [
                "codex none server: wrong: not run: it does not install",
                f"codex none server changed: wrong: not run: it does not install; it was {KNOWN['codex', 'server'][0]}",
            ],
            id="not run",
        ),
    ],
)
def test_a_row_that_changed_is_named(row, told):
    changed = [row if (one[0], one[2]) == (row[0], row[2]) else one for one in ROWS]
    assert list(findings(changed, KNOWN)) == told
