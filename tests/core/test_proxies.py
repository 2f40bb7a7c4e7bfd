"""Who asks behind proxies, against a referee that rewrites the list from its end."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.proxies import client_address, is_trusted, networks, parse_address

TRUSTED = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")


def referee(peer: str, forwarded: list[str]) -> str:
    """The whole way of the request, last hop last; trusted hops are taken off its end one by one."""
    way = [*forwarded, peer]
    while len(way) > 1:
        last = ip_address(way[-1])
        known = str(last) in ("127.0.0.1", "::1", "192.0.2.7")
        known = known or any(last in ip_network(net) for net in ("10.0.0.0/8", "2001:db8::/32"))
        try:
            ip_address(way[-2])
        except ValueError:
            break
        if not known:
            break
        way.pop()
    return way[-1]


ADDRESSES = st.sampled_from(
    ["127.0.0.1", "::1", "10.1.2.3", "192.0.2.7", "2001:db8::5", "198.51.100.1", "203.0.113.9", "2001:4860::1"]
)


@given(ADDRESSES, st.lists(st.one_of(ADDRESSES, st.sampled_from(["unknown", "", "_hidden", "999.1.1.1"])), max_size=6))
def test_the_client_is_the_rightmost_hop_nobody_trusts(peer: str, forwarded: list[str]) -> None:
    assert client_address(peer, ", ".join(forwarded), networks(TRUSTED)) == referee(peer, forwarded)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),  # nobody trusts who says so
        ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the client wrote the first itself
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),  # two proxies of ours
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # somebody inside
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "[2001:4860::1]:443", "2001:4860::1"),
        ("127.0.0.1", "203.0.113.9:5121", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", ""),  # a socket without an address
    ],
)
def test_cases(peer: str, forwarded: str, client: str) -> None:
    assert client_address(peer, forwarded, networks(TRUSTED)) == client


def test_loopback_is_always_trusted_and_other_words_never() -> None:
    assert is_trusted(parse_address("127.8.8.8"), ())
    assert is_trusted(parse_address("::1"), ())
    assert not is_trusted(parse_address("10.0.0.1"), ())
    assert not is_trusted(parse_address("here"), networks(["0.0.0.0/0"]))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "proxy.example.com", "", "10.0.0"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        networks([text])
