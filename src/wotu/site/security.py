"""Headers that bind a page to this site: no script, style, picture or frame from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from wotu.core.proxies import is_trusted, parse_address

# Charts make an empty <style> element and fill it through the object model. This is the hash of
# nothing, so no style text in a page is ever allowed by it.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
PAGE_POLICY = _POLICY.format(style="'self'")
CHART_POLICY = _POLICY.format(style=f"'self' {_EMPTY_STYLE}")

_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_SAID_BY_A_PROXY = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")


class SecurityHeaders:
    """Adds the headers to every response; a view that draws a chart sets ``response.has_chart``.

    Over https every cookie is marked Secure, so that it never travels in the clear afterwards.
    What a proxy says of its client counts from this machine and from ``trusted_proxies``; others have
    their words taken away.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = parse_address(request.META.get("REMOTE_ADDR") or "")
        if not is_trusted(peer, settings.WOTU_TRUSTED_PROXIES):
            for name in _SAID_BY_A_PROXY:
                request.META.pop(name, None)
        response = self.get_response(request)
        for name, value in _HEADERS.items():
            response.setdefault(name, value)
        chart = getattr(response, "has_chart", False)
        response.setdefault("Content-Security-Policy", CHART_POLICY if chart else PAGE_POLICY)
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "private, no-store")
        if request.is_secure():
            response.setdefault("Strict-Transport-Security", "max-age=31536000")
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response
