"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from wotu.core import proxies


def client_address(request: HttpRequest) -> tuple[str, str]:
    """The address an attempt is counted for, and the trusted proxy that named it, where one did."""
    peer = str(request.META.get("REMOTE_ADDR") or "")
    forwarded = request.headers.get("X-Forwarded-For", "")
    client = proxies.client_address(peer, forwarded, settings.WOTU_TRUSTED_PROXIES)
    return (client, peer) if client != peer else (peer, "")
