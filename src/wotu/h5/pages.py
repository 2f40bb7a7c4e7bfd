"""A customer's own page, opened by a signed link, and what may be done on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, get_supported_language_variant, gettext, override
from django.views.decorators.http import require_safe

from wotu.accounts import limits
from wotu.answers.kept import workspace
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import WotuError
from wotu.h5 import deeds, shown
from wotu.loyalty import links

Page = Callable[..., HttpResponse]


def of_member(page: Page) -> Page:
    """A page for whoever has the link; ``?lang=`` chooses the language, else the browser does."""

    @login_not_required
    @wraps(page)
    def opened(request: HttpRequest, token: str, **named: Any) -> HttpResponse:
        with override(_language(request)):
            customer = _customer(token)
            if customer is None:
                context = {"space": settings.WOTU_SETTINGS.name, "language": get_language()}
                return _private(render(request, "h5/ended.html", context, status=HTTPStatus.FORBIDDEN))
            return _private(page(request, token, customer, **named))

    return opened


@of_member
@require_safe
def member(request: HttpRequest, token: str, customer: int) -> HttpResponse:
    """What the customer has."""
    return render(request, "h5/member.html", shown.of_member(token, customer))


@of_member
def act(request: HttpRequest, token: str, customer: int, deed: str) -> HttpResponse:
    """Does what was tapped and shows the page with a sentence about it."""
    do = deeds.DEEDS.get(deed)
    if do is None:
        raise Http404
    if request.method != "POST":
        return render(request, "h5/member.html", shown.of_member(token, customer))
    status = HTTPStatus.OK
    try:
        said = do(customer, request.POST, timezone.now())
    except limits.AttemptsSpent:
        said = deeds.Said(gettext("Too many tries. Come back in a quarter of an hour."), good=False)
        status = HTTPStatus.TOO_MANY_REQUESTS
    except WotuError as error:
        said, status = deeds.Said(deeds.refusal(error), good=False), HTTPStatus.CONFLICT
    typed = "" if said.good else request.POST.get("code", "")[:64]
    context = shown.of_member(token, customer) | {"said": said.text, "good": said.good, "code": typed}
    return render(request, "h5/member.html", context, status=status)


def _customer(token: str) -> int | None:
    """Whom the link opens now: the survivor after a merge, nobody after an erasure."""
    number = links.customer_of(token, now=timezone.now())
    if number is None:
        return None
    try:
        return customer_number(workspace().customer(customer_text(number)).customer_id)
    except WotuError:
        return None


def _language(request: HttpRequest) -> str:
    try:
        return get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        return get_language() or "en"


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    return response
