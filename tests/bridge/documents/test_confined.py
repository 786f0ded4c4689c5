"""A document that crashes a reader not written in Python affects only its own process."""

import base64
import os
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest
import samples
from handmade_documents import LINKS, RELATIONS, packed
from long_rows import one_in

from imagebridge import Policy, function_call_output, repair
from imagebridge.documents import confined
from imagebridge.documents.excerpt import excerpt
from imagebridge.errors import ArgumentError, DocumentError

SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def far_cells(*names):
    """A workbook of a kilobyte whose cells lie far apart."""
    rows = "".join(f"<row><c r='{name}'><v>1</v></c></row>" for name in names)
    return packed(
        {
            "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
            "_rels/.rels": f"<Relationships {RELATIONS}><Relationship Id='r' Type='{LINKS}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
            "xl/workbook.xml": f"<workbook xmlns='{SHEETS}' xmlns:r='{LINKS}'><sheets><sheet name='S' sheetId='1' r:id='r'/></sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships {RELATIONS}><Relationship Id='r' Type='{LINKS}/worksheet' Target='worksheets/s.xml'/></Relationships>",
            "xl/worksheets/s.xml": f"<worksheet xmlns='{SHEETS}'><sheetData>{rows}</sheetData></worksheet>",
        }
    )


def forms_in_forms(levels):
    """A PDF of two kilobytes with a form that draws another one ten times, and so on."""

    def stream(about, data):
        return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (about, len(data), data)

    drawn = b"/Resources<</XObject<</F %d 0 R>>>>"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R%s>>" % (drawn % 5),
        stream(b"", b"/F Do " * 10),
    ]
    for level in range(levels):
        form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]" + drawn % (6 + level)
        parts.append(stream(form, b"/F Do " * 10 if level < levels - 1 else b"0 0 1 1 re f"))
    made, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    entries = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, entries)
    return (
        made
        + head
        + b"trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(made))
    )


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="the system limits no memory")
WAITING = """
import os, time
from functools import partial
from imagebridge.documents.confined import confined, in_one_process
with in_one_process():
    print(confined(os.getpid), flush=True)
    confined(partial(time.sleep, 60))
"""


def shown(data, name):
    resource = {"uri": f"file:///{name}", "blob": base64.b64encode(data).decode()}
    blocks = [{"type": "text", "text": "beside"}, {"type": "resource", "resource": resource}]
    parts = function_call_output({"content": blocks}, "c", Policy(documents="pages"))["output"]
    return [part.get("text", part["type"]) for part in parts]


@needs_limits
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (far_cells("A1", "XFD1048576"), "a.xlsx"),
        pytest.param(far_cells("A1", "ALL100000"), "a.xlsx", marks=pytest.mark.long),
        pytest.param(forms_in_forms(8), "a.pdf", marks=pytest.mark.long),
    ],
    ids=["cells far apart", "cells less far apart", "forms in forms"],
)
def test_a_document_that_breaks_its_reader_costs_no_more(data, name):
    assert len(data) < 4_000
    text, file, why = shown(data, name)
    assert (text, file) == ("beside", "input_file")
    assert "it crashed the process that read it, or took too much memory" in why


def test_what_a_reading_returns_and_raises_comes_back():
    data = samples.pdf(2)
    assert confined.confined(partial(excerpt, data)) == excerpt(data)
    with pytest.raises(ArgumentError, match="asks for page 9"):
        confined.confined(partial(excerpt, data, pages="9"))


def test_one_process_serves_all_readings_of_a_result_and_ends_with_it():
    own = partial(os.getpid)
    with confined.in_one_process():
        one = confined.confined(own)
        with confined.in_one_process():
            assert confined.confined(own) == one
        with pytest.raises(DocumentError, match="crashed the process"):
            confined.confined(partial(os._exit, 0))
        other = confined.confined(own)
        assert other != one
    assert not psutil.pid_exists(one)
    assert not psutil.pid_exists(other)
    assert confined.confined(own) != confined.confined(own)


@pytest.mark.long
@needs_limits
def test_what_a_reading_held_costs_the_next_one_nothing():
    """Two readings that do not fit together: a process of its own takes the second."""
    with confined.in_one_process():
        confined.confined(partial(exec, "import builtins; builtins.held = bytearray(700_000_000)"))
        assert confined.confined(partial(eval, "len(bytearray(600_000_000))")) == 600_000_000


@pytest.mark.parametrize("where", one_in(2, [function_call_output, repair]))
def test_a_result_with_many_documents_is_read_by_one_process(where, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **named: started.append(given) or popen(*given, **named)
    )
    blob = base64.b64encode(samples.pdf(1)).decode()
    blocks = [{"type": "resource", "resource": {"uri": f"file:///{n}.pdf", "blob": blob}} for n in range(3)]
    if where is repair:
        repair({"content": blocks}, "claude-desktop")
    else:
        function_call_output({"content": blocks}, "c", Policy(documents="pages"))
    assert len(started) == 1


def test_a_reading_ends_with_the_process_that_waits_for_it():
    waiting = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True)
    reading = psutil.Process(int(waiting.stdout.readline()))
    waiting.kill()
    waiting.communicate()
    assert psutil.wait_procs([reading], timeout=25)[1] == [] or sys.platform != "linux"


def test_what_a_reader_prints_is_no_part_of_the_answer():
    assert confined.confined(partial(os.write, 1, b"printed")) == 7


@pytest.mark.parametrize(
    ("name", "value", "function", "words"),
    [
        ("SECONDS", 0.01, partial(time.sleep, 60), "took longer than 0.01 seconds"),
        ("SECONDS", 60, partial(os._exit, 0), "crashed the process"),
        ("SECONDS", 60, partial(os.abort), "crashed the process"),
    ],
    ids=["too long", "ended without a word", "aborted"],
)
def test_what_does_not_come_back_is_said(name, value, function, words, monkeypatch):
    monkeypatch.setattr(confined, name, value)
    with pytest.raises(DocumentError, match=words):
        confined.confined(function)


def test_where_no_process_can_be_started_that_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DocumentError, match="a process to read it could not be started"):
        confined.confined(partial(int, "1"))
