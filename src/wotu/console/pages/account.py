"""A person's own account: password, language, theme."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts import services
from wotu.accounts.choices import Theme
from wotu.accounts.reads import signed_in
from wotu.console.addresses import client_address
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who is signed in, with what role, and the choices of that person."""
    context = {"room": "", "themes": Theme.choices, "password_changed": "changed" in request.GET}
    return render(request, "console/account.html", context)


@sensitive_post_parameters("current", "new")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose a password: the first one after a link, or another."""
    user = signed_in(request.user)
    assert user is not None
    context: dict[str, object] = {"room": "", "first": not user.has_usable_password(), "errors": {}}
    if request.method == "POST":
        try:
            services.change_password(
                user, current=request.POST.get("current", ""), new=request.POST.get("new", ""),
                address=client_address(request)[0],
            )  # fmt: skip
        except WotuError as error:
            context["errors"] = {error.field: in_words(error)}
            return render(request, "console/password.html", context, status=422)
        update_session_auth_hash(request, user)
        return redirect("console:home") if context["first"] else redirect("/account/?changed")
    return render(request, "console/password.html", context)
