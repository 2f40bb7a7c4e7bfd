"""Where a form may send people back to: an address of this site, never another host."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_address(request: HttpRequest, target: str) -> str:
    """``target`` when it is an address of this site, else empty."""
    host = {request.get_host()}
    return target if url_has_allowed_host_and_scheme(target, host, require_https=request.is_secure()) else ""
