"""Value layers: who is worth what, and what to do for them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from wotu.console.answers import ask, workspace
from wotu.console.exporting import export
from wotu.console.parameters import RfmParameters
from wotu.console.permissions import require_export
from wotu.console.segments import board, members
from wotu.console.words import segment_name
from wotu.core.errors import WotuError


@require_GET
def layers(request: HttpRequest) -> HttpResponse:
    """The eight segments under the parameters of the address; a wrong one is said beside its field."""
    if workspace().is_empty():
        return render(request, "console/value_empty.html", {"room": "value"})
    parameters = RfmParameters.read(request.GET)
    answer = answer_of(parameters)
    context = {
        "room": "value",
        "parameters": parameters,
        "answer": answer,
        "board": board(answer, parameters.query) if answer else [],
        "export_query": parameters.query,
        "opened": bool(parameters.errors) or bool(parameters.changed),
        "longest": max((segment.share for segment in answer.segments), default=0) if answer else 0,
    }
    return render(request, "console/value.html", context, status=422 if parameters.errors else 200)


@require_GET
def export_layers(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """Every customer with its scores and segment as a file."""
    require_export(request, kind)
    answer = ask("rfm", **RfmParameters.read(request.GET).arguments())
    header = [_("Customer ID"), _("Segment"), _("Days since last order"), _("Orders"), _("Monetary"), "R", "F", "M"]
    rows = (
        (each.customer_id, segment_name(each.segment), each.recency_days, each.frequency, each.monetary,
         each.r, each.f, each.m)
        for each in members(answer)
    )  # fmt: skip
    return export(request, "value", header, rows, kind=kind)


def answer_of(parameters: RfmParameters) -> Any:
    """The answer, or nothing with the reason noted in ``parameters.errors``."""
    arguments = parameters.arguments()
    if parameters.errors:
        return None
    try:
        return ask("rfm", **arguments)
    except WotuError as error:
        parameters.note(error)
        return None
