"""Patterns over texts that strangers send: the parser's memory does not grow with the number of repetitions."""

import importlib
import tracemalloc

import pytest

PATTERNS = {
    "imagebridge.pictures.kinds": ("_PNM", b"P1\n", b"#\n"),
    "imagebridge.client.json_rpc": ("_METHOD", b"{", b'"id":1,'),
    "imagebridge_server.startup.message_streams": ("_TEXT", "", "\\n"),
    "imagebridge_tools.charts.spec_fields": ("_PATH", "", "\\."),
    "imagebridge_tools.drawing.units": ("_LISTED", "1", ",1"),
    "imagebridge_tools.tables.column_types": ("_GROUPED", "1", ".000"),
    "imagebridge_tools.tables.log_lines": ("_LINE", "a=1", " a=1"),
}


@pytest.mark.parametrize("module", PATTERNS)
def test_a_pattern_holds_no_state_for_each_repetition(module):
    name, start, repeated = PATTERNS[module]
    pattern = getattr(importlib.import_module(module), name)
    text = start + repeated * 1_000_000
    tracemalloc.start()
    pattern.match(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
