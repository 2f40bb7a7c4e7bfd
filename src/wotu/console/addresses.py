"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest


def client_address(request: HttpRequest) -> tuple[str, str]:
    """The address an attempt is counted for, and the proxy on this machine that named it, where one did.

    Only the last address of the header is the proxy's own word; the client wrote those before it.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    try:
        return (str(ip_address(forwarded)), peer) if forwarded and ip_address(peer).is_loopback else (peer, "")
    except ValueError:
        return peer, ""
