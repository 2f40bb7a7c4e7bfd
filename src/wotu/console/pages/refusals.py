"""Pages for what did not work: what happened, what was kept, what to do next."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from wotu.console.refusing import in_words
from wotu.core.errors import ErrorCode, WotuError

_STATUS = {
    ErrorCode.UNKNOWN_CUSTOMER: HTTPStatus.NOT_FOUND,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.UNKNOWN_EVENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.UNKNOWN_PROPERTY: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.AMBIGUOUS_IDENTIFIER: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def question_refused(request: HttpRequest, error: WotuError) -> HttpResponse:
    """A question that cannot be answered as it was asked."""
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    if error.code is ErrorCode.UNKNOWN_CUSTOMER:
        # The title says it all, in the language of the page.
        title, advice = _("This customer is not known"), _("Search by another identifier, or by name.")
        return _page(request, status, title, advice)
    title, advice = _("This cannot be answered as asked"), _("Go back and change it; nothing was changed here.")
    return _page(request, status, title, advice, detail=in_words(error))


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """A request no page understands."""
    return _page(request, HTTPStatus.BAD_REQUEST, _("This request was not understood"), _("Start again from Home."))


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Something the person's role does not allow."""
    title = _("Your role does not allow this")
    return _page(request, HTTPStatus.FORBIDDEN, title, _("Ask an owner of this workspace for another role."))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """An address where nothing is."""
    return _page(request, HTTPStatus.NOT_FOUND, _("There is no such page"), _("Check the address, or search."))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    title, advice = _("Something went wrong on our side"), _("Nothing was changed. Try again; the log has the details.")
    return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR, title, advice)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that does not come from a page of this browser session."""
    title = _("This form is out of date")
    return _page(request, HTTPStatus.FORBIDDEN, title, _("Nothing was changed. Load the page again and repeat it."))


def _page(request: HttpRequest, status: HTTPStatus, title: str, advice: str, detail: str = "") -> HttpResponse:
    context = {"title": title, "advice": advice, "detail": detail, "status_code": int(status)}
    return render(request, "console/refusal.html", context, status=status)
