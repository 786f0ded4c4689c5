"""Addresses that no page may name, against the tables of the Python that runs, which grow from version to version."""

from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebridge.facts.addresses import SPECIAL
from imagebridge_tools.files.web import public

EDGES = [address for network in SPECIAL for address in (network[0], network[-1])]


@settings(deadline=None)
@given(st.ip_addresses() | st.sampled_from(EDGES))
def test_what_pythons_own_tables_call_private_is_not_public(address):
    assert not (public(str(address)) and address.is_private)


@pytest.mark.parametrize("networks", [IPv4Network("0.0.0.0/0").subnets(8), IPv6Network("::/0").subnets(16)])
def test_every_block_that_python_calls_private_is_not_public(networks):
    assert [str(network) for network in networks if network[1].is_private and public(str(network[1]))] == []


@pytest.mark.parametrize("address", ["2002:808:808::1", "2002:100::", "2002:7f00:1::"])
def test_no_address_of_6to4_is_public(address):
    assert not public(str(ip_address(address)))
