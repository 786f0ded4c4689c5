"""Addresses that no page may use, compared with IANA's registries and the tables of the running Python."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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


REGISTRIES = {
    "no": (
        "0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.0.0/29 192.0.0.8/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.88.99.2/32 192.168.0.0/16 "
        "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 "
        "::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001:2::/48 2001:db8::/32 3fff::/20 "
        "5f00::/16 fc00::/7 fe80::/10"
    ),
    "not applicable, or given back": "192.88.99.0/24 2001::/32 2001:10::/28 2002::/16",
    "yes": "192.31.196.0/24 192.52.193.0/24 192.175.48.0/24 2620:4f:8000::/48",
    "yes, inside a block of protocols that is refused as a whole": (
        "192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 "
        "2001:20::/28 2001:30::/28"
    ),
}
"""Every block of IANA's special-purpose registries as of 2026-07-18, by whether it is globally reachable; two stand for
an IPv4 address and are looked through: ::ffff:0:0/96 (no) and 64:ff9b::/96 (yes)."""


@pytest.mark.parametrize(
    ("block", "expected"),
    [(block, reachable == "yes") for reachable, blocks in REGISTRIES.items() for block in blocks.split()],
)
def test_every_row_of_the_registries(block, expected):
    network = ip_network(block)
    assert [public(str(network[place])) for place in (0, network.num_addresses // 2, -1)] == [expected] * 3
