"""Compares the time to read a workbook with a CSV of the same rows, alternating in one run, in CPU time."""

import random
import time
from datetime import date, timedelta

import pytest
from workbooks import Formatted, workbook

from imagebridge_tools import generate_chart
from imagebridge_tools.files.source import Places

pytestmark = [pytest.mark.benchmark, pytest.mark.anyio]

ROUNDS = 5
ROWS = 50_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    chance = random.Random(1)
    rows = [
        (
            date(2020, 1, 1) + timedelta(days=n % 2000),
            chance.choice(("North", "South", "East")),
            chance.randint(1, 9999) / 100,
        )
        for n in range(ROWS)
    ]
    head = ["day", "region", "sales"]
    lines = "".join(f"{day},{region},{sales}\n" for day, region, sales in rows)
    (folder / "rows.csv").write_text(",".join(head) + "\n" + lines)
    (folder / "rows.xlsx").write_bytes(workbook({"Rows": [head, *rows]}))
    euros = [(day, region, Formatted(sales, "#,##0.00 [$€-407]")) for day, region, sales in rows]
    (folder / "euros.xlsx").write_bytes(workbook({"Rows": [head, *euros]}))
    return folder


async def test_a_workbook_of_fifty_thousand_rows(folder, measured, rounds):
    """With and without formats of money."""
    arguments = {"kind": "line", "columns": {"x": "day", "y": "sales"}, "places": Places(allow=(folder,))}
    times = {"rows.csv": [], "rows.xlsx": [], "euros.xlsx": []}
    for name in times:
        await generate_chart(data=name, **arguments)
    for _ in range(rounds(ROUNDS)):
        for name, spent in times.items():
            began = time.process_time(), time.perf_counter()
            await generate_chart(data=name, **arguments)
            spent.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    least = {name: [min(column) for column in zip(*spent, strict=True)] for name, spent in times.items()}
    csv = least.pop("rows.csv")
    for name, book in least.items():
        for what, spent, beside in zip(("of CPU", "in all"), book, csv, strict=True):
            measured(
                name, spent / beside, f"{spent * 1000:.0f} ms {what} compared with {beside * 1000:.0f} ms"
            )
