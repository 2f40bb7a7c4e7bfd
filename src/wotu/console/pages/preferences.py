"""Language, theme and the folded rail: kept for the person, and in a cookie for pages without one."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from wotu.accounts import services
from wotu.accounts.choices import Theme
from wotu.accounts.reads import signed_in
from wotu.console.redirects import own_address
from wotu.console.shell import RAIL_COOKIE, THEME_COOKIE
from wotu.core.errors import Reason, invalid_argument

_YEAR = 365 * 24 * 3600


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show pages in the chosen language from now on."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES) or not check_for_language(chosen):
        raise invalid_argument("language", f"language={chosen!r} is not offered.", Reason.NOT_A_CHOICE)
    if (member := signed_in(request.user)) is not None:
        services.choose_language(member, chosen)
    response = _back(request)
    remember_language(response, chosen)
    return response


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Show light or dark pages from now on."""
    chosen = request.POST.get("theme", "")
    if chosen not in Theme.values:
        raise invalid_argument("theme", f"theme={chosen!r} is not offered.", Reason.NOT_A_CHOICE)
    if (member := signed_in(request.user)) is not None:
        services.choose_theme(member, chosen)
    response = _back(request)
    response.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Lax")
    return response


@require_POST
def rail(request: HttpRequest) -> HttpResponse:
    """Fold the rail, or open it."""
    response = _back(request)
    state = "open" if request.COOKIES.get(RAIL_COOKIE) == "folded" else "folded"
    response.set_cookie(RAIL_COOKIE, state, max_age=_YEAR, httponly=True, samesite="Lax")
    return response


def remember_language(response: HttpResponse, chosen: str) -> None:
    """Keep the language in this browser."""
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=_YEAR, httponly=True, samesite="Lax")


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the form stood on, never to another host; a script that stays gets no page."""
    if request.headers.get("X-Requested-With") == "wotu":
        return HttpResponse(status=204)
    return HttpResponseRedirect(own_address(request, request.POST.get("next", "")) or "/")
