"""Posts to addresses that people typed in: never into our own network, never for long, following no redirect."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.outbox.models import LONGEST_URL

TIMEOUT_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotDelivered(Exception):
    """The receiver did not say that it has the message."""


def check_url(url: str, *, private: bool) -> SplitResult:
    """The parts of an address that may be posted to; raises ``WotuError`` naming what is wrong with it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    schemes = ("https", "http") if private else ("https",)
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or parts.scheme not in schemes or not parts.hostname or port == 0:
        raise invalid_argument("url", f"url must be an address such as {schemes[0]}://shop.example.com/wotu.")
    if parts.username is not None or parts.fragment:
        raise invalid_argument("url", "url must hold no name, no password and no fragment.")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> None:
    """Send ``body``; raises unless the answer is a success within ten seconds.

    ``private``: addresses of this machine and of private networks are allowed too.
    """
    parts = check_url(url, private=private)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = str(parts.hostname)
    connection = _connection(parts.scheme, host, port, _resolved(host, port, private=private))
    # A socket's own time-out begins anew with every byte that trickles in.
    clock = threading.Timer(TIMEOUT_SECONDS, _hang_up, args=(connection,))
    clock.daemon = True
    clock.start()
    try:
        connection.request(
            "POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, dict(headers)
        )
        status = connection.getresponse().status
    finally:
        clock.cancel()
        connection.close()
    if not 200 <= status < 300:
        raise NotDelivered(f"the receiver answered {status}")


def is_public(address: Address) -> bool:
    """Whether an address is of the public Internet, whatever it is wrapped in."""
    inner: Address | None = None
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _resolved(host: str, port: int, *, private: bool) -> str:
    """An address of ``host``; refused unless every one it has may be posted to."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not private and not all(is_public(ipaddress.ip_address(text.partition("%")[0])) for text in found):
        raise WotuError(
            ErrorCode.FORBIDDEN,
            f"{host} is in a private network; set webhooks_to_private_networks to allow that.",
            field="url",
        )
    return found[0]


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return _Tls(host, port, address)
    return _Plain(host, port, address)


class _Plain(http.client.HTTPConnection):
    """Connects to the address that was checked: a name may mean another one a moment later."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _Tls(_Plain):
    """The same, encrypted; the certificate must be of the host."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
