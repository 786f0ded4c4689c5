"""Addresses that no page may name, against the tables of Python's own."""

from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge_tools.files.web import public


@settings(deadline=None)
@given(st.ip_addresses())
def test_what_pythons_own_tables_call_private_is_not_public(address):
    assert not (public(str(address)) and address.is_private)
