"""Workbooks that are damaged, or contain distant cells, only cause an error message for the call."""

import io
import pickle
import zipfile
from contextlib import suppress

import pytest
from workbooks import workbook

from imagebridge.errors import ArgumentError
from imagebridge_tools import generate_chart
from imagebridge_tools.document import load_file
from imagebridge_tools.files.source import Places
from imagebridge_tools.tables.cells import Measured
from imagebridge_tools.tables.table import table
from imagebridge_tools.tables.workbook import Book, read

pytest.importorskip("python_calamine", reason="workbooks need the extra server")

ROWS = [["month", "share"], ["Jan", (0.5, "0%")], ["Feb", (0.25, "0%")]]


def changed(part, change):
    """Return a workbook of which one part is another."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook({"S": ROWS}))) as packed,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in packed.namelist():
            content = packed.read(name)
            new.writestr(name, change(content) if name.endswith(part) else content)
    return made.getvalue()


def moved(place):
    """Return a workbook whose last cell lies elsewhere."""
    return changed("s1.xml", lambda text: text.replace(b'"B3"', b'"%s"' % place))


def test_a_number_with_its_unit_can_be_sent_to_another_process():
    number = pickle.loads(pickle.dumps(Measured(0.5, "%")))
    assert (number, number.unit, type(number)) == (0.5, "%", Measured)


@pytest.mark.anyio
@pytest.mark.usefixtures("one_loop")
@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("styles.xml", lambda text: text.replace(b"numFmtId=", b"numFmtId='x' was=", 1)),
        ("styles.xml", lambda _: b"<"),
        ("workbook.xml.rels", lambda text: text.replace(b"Target=", b"Was=")),
        ("workbook.xml", lambda text: text.replace(b"name=", b"was=")),
        ("s1.xml", lambda text: text[:-30]),
        pytest.param("s1.xml", lambda text: text.replace(b"B2", b"B" + b"9" * 5_000), marks=pytest.mark.long),
        ("s1.xml", lambda text: text.replace(b"B2", b"A0")),
        ("s1.xml", lambda _: b""),
    ],
)
async def test_a_damaged_part_is_read_or_told_of(part, change):
    with suppress(ArgumentError):
        assert table(await read(Book("a.xlsx", changed(part, change), None))).columns


@pytest.mark.parametrize("cut", [30, 200, 700])
def test_an_archive_that_is_cut_is_told_of(cut):
    with pytest.raises(ArgumentError, match=r"a\.xlsx (is damaged|cannot be read)"):
        table(Book("a.xlsx", workbook({"S": ROWS})[:-cut], None))


@pytest.mark.anyio
@pytest.mark.usefixtures("one_loop")
@pytest.mark.parametrize(
    ("place", "door"),
    [
        (b"XFD1048576", "load"),
        pytest.param(b"XFD1048576", "chart", marks=pytest.mark.long),
        pytest.param(b"ZZ100000", "load", marks=pytest.mark.long),
    ],
)
async def test_a_cell_far_away_costs_its_call_alone(tmp_path, place, door):
    (tmp_path / "far.xlsx").write_bytes(moved(place))
    (tmp_path / "near.xlsx").write_bytes(workbook({"S": ROWS}))
    places = Places(allow=(tmp_path,))
    chart = generate_chart(kind="bar", data="far.xlsx", places=places) if door == "chart" else None
    with pytest.raises(ArgumentError, match=r"far\.xlsx cannot be read as a workbook: .*(as CSV|apart)"):
        await (chart or load_file("far.xlsx", places))
    assert (await load_file("near.xlsx", places)).files
