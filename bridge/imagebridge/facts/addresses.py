"""IP addresses that do not belong to a host on the public internet, with one row for each block.

Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries, every block that they do not list as
"globally reachable", or to which reachability does not apply; the multicast blocks of RFC 5771 and RFC 4291; and
addresses that clouds reserve for their own hosts, according to their documentation. Written on 2026-11-30. A test
compares each row with a copy of both registries from 2026-07-18; their newest row is from 2025-04
(tests/tools/files/test_addresses.py).
"""

from ipaddress import IPv4Network, IPv6Network, ip_network

SPECIAL: dict[IPv4Network | IPv6Network, str] = {
    ip_network(block): name
    for block, name in {
        "0.0.0.0/8": "this network (RFC 791)",
        "10.0.0.0/8": "private use (RFC 1918)",
        "100.64.0.0/10": "shared address space (RFC 6598)",
        "127.0.0.0/8": "loopback (RFC 1122)",
        "168.63.129.16/32": 'the host that runs Azure machines (its documentation, "What is IP address 168.63.129.16?")',
        "169.254.0.0/16": "link local (RFC 3927), where cloud providers serve instance metadata",
        "172.16.0.0/12": "private use (RFC 1918)",
        "192.0.0.0/24": "protocol assignments (RFC 6890)",
        "192.0.2.0/24": "documentation (RFC 5737)",
        "192.88.99.0/24": "6to4 relays, deprecated (RFC 7526)",
        "192.168.0.0/16": "private use (RFC 1918)",
        "198.18.0.0/15": "benchmarks (RFC 2544)",
        "198.51.100.0/24": "documentation (RFC 5737)",
        "203.0.113.0/24": "documentation (RFC 5737)",
        "224.0.0.0/4": "multicast (RFC 5771)",
        "240.0.0.0/4": "reserved, with the limited broadcast (RFC 1112, RFC 8190)",
        "::/128": "unspecified (RFC 4291)",
        "::1/128": "loopback (RFC 4291)",
        "::ffff:0:0/96": "IPv4 as IPv6 (RFC 4291)",
        "64:ff9b:1::/48": "translation inside a network (RFC 8215)",
        "100::/64": "discard (RFC 6666)",
        "100:0:0:1::/64": "dummy (RFC 9780)",
        "2001::/23": "protocol assignments, including Teredo and benchmarks (RFC 2928)",
        "2001:db8::/32": "documentation (RFC 3849)",
        "2002::/16": "6to4, whose relays are gone (RFC 3056, RFC 7526); IANA calls its reachability not applicable",
        "3fff::/20": "documentation (RFC 9637)",
        "5f00::/16": "segment routing identifiers (RFC 9602)",
        "fc00::/7": "unique local (RFC 4193)",
        "fe80::/10": "link local (RFC 4291)",
        "fec0::/10": "site local, deprecated (RFC 3879)",
        "ff00::/8": "multicast (RFC 4291)",
    }.items()
}
