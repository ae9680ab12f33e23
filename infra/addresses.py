"""Where a request comes from: the addresses in proxy headers, believed only as far as the proxies in between are ours."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
LONGEST: Final = 1024
"""Characters of an X-Forwarded-For that are looked at, from its end."""


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks (CIDR) with commas between them; raises `ValueError` for anything else."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


@lru_cache(4096)
def network_of(address: str) -> str:
    """Who counts as one stranger: an IPv4 address, a /64 of IPv6, of which everybody has as many addresses as they like."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))
    return address


def client_of(peer: str, forwarded: str, trusted: Iterable[Network]) -> str:
    """The nearest address that is none of the trusted proxies: right to left, since only our own proxies write what stands on the right.

    What is no address ends the search at the proxy that passed it on.
    """
    seen, hops = peer, forwarded[-LONGEST:].split(",") if forwarded else []
    while hops and is_among(seen, trusted):
        hop = _without_port(hops.pop().strip())
        if not is_address(hop):
            break
        seen = hop
    return seen


def is_among(address: str, trusted: Iterable[Network]) -> bool:
    """Whether an address is in one of these networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return any((mapped or found) in network for network in trusted)


def is_address(text: str) -> bool:
    """Whether this is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _without_port(text: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write them."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
