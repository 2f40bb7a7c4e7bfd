"""Who asks, when proxies stand between: their words count only where they are trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks (``10.0.0.0/8``) as written in settings; ``ValueError`` names one that is neither."""
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


def parse_address(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 address inside IPv6 is the IPv4 address. ``None``: not one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    """Whether an address is this machine's own or in one of the trusted networks."""
    if address is None:
        return False
    return address.is_loopback or any(address in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Who asks: ``peer``, or whom trusted proxies name in ``X-Forwarded-For``.

    Every proxy adds on the right the address it was asked from, and a client may have written anything
    before that. So the list is read from the right, as far as each hop is trusted; the first that is not
    is the client. A hop that is no address ends the reading at the one that wrote it.
    """
    current = parse_address(peer)
    if current is None:
        return peer
    for hop in reversed(forwarded_for.split(",") if forwarded_for else []):
        if not is_trusted(current, trusted):
            break
        named = parse_address(hop)
        if named is None:
            break
        current = named
    return str(current)
