"""Signing in: by name and password, or once by a link."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from wotu.accounts import reads, services
from wotu.accounts.limits import AttemptsSpent
from wotu.console.addresses import client_address
from wotu.console.pages.preferences import remember_language
from wotu.console.redirects import own_address

if TYPE_CHECKING:
    from wotu.accounts.models import User

_BACKEND = "wotu.accounts.backends.SessionUser"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form. What was typed stays, except the password."""
    if request.user.is_authenticated:
        return redirect("console:home")
    username = request.POST.get("username", "")
    context = {"username": username, "next": _target(request), "no_users": not reads.has_users()}
    if request.method != "POST":
        return render(request, "console/sign_in.html", context)
    try:
        address, proxy = client_address(request)
        user = services.sign_in(username, request.POST.get("password", ""), address=address, proxy=proxy)
    except AttemptsSpent as spent:
        minutes = math.ceil(spent.wait.total_seconds() / 60)
        context["error"] = ngettext(
            "Too many attempts. Try again in %(count)d minute.",
            "Too many attempts. Try again in %(count)d minutes.",
            minutes,
        ) % {"count": minutes}
        response = render(request, "console/sign_in.html", context, status=429)
        response["Retry-After"] = str(math.ceil(spent.wait.total_seconds()))
        return response
    except services.SignInRefused:
        context["error"] = _("Name and password do not belong together.")
        return render(request, "console/sign_in.html", context, status=401)
    return _enter(request, user, _target(request) or "/")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_once(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time link. Opening it uses nothing up (mail scanners open links); the button does."""
    if request.method != "POST":
        return render(request, "console/sign_in_once.html")
    try:
        user = services.sign_in_once(token, address=client_address(request)[0])
    except services.SignInRefused:
        return render(request, "console/sign_in_once.html", {"used": True}, status=410)
    return _enter(request, user, "/account/password/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("console:sign-in")


def _enter(request: HttpRequest, user: User, target: str) -> HttpResponse:
    # ``login`` gives the session a new key, so one planted before is worth nothing.
    login(request, user, backend=_BACKEND)
    response = HttpResponseRedirect(target)
    if user.language:
        remember_language(response, user.language)
    return response


def _target(request: HttpRequest) -> str:
    return own_address(request, request.POST.get("next") or request.GET.get("next") or "")
