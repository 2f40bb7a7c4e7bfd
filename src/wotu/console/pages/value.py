"""Value layers: who is worth what, and what to do for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.console import figures
from wotu.console.answers import ask, workspace
from wotu.console.exporting import export
from wotu.console.parameters import RfmParameters
from wotu.console.permissions import require_export
from wotu.console.segments import board, members
from wotu.console.words import segment_name
from wotu.core.errors import WotuError


@require_safe
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
        "size": len(answer) if answer else 0,
        "degenerate": ", ".join(answer.degenerate).upper() if answer else "",
        "thresholds": thresholds(answer, parameters) if answer else [],
    }
    return render(request, "console/value.html", context, status=422 if parameters.errors else 200)


@require_safe
def export_layers(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """Every customer with its scores and segment as a file."""
    require_export(request, kind)
    answer = ask("rfm", **RfmParameters.read(request.GET).checked())
    header = [_("Customer ID"), _("Segment"), _("Days since last order"), _("Orders"), _("Monetary"), "R", "F", "M"]
    rows = (
        (each.customer_id, segment_name(each.segment), each.recency_days, each.frequency, each.monetary,
         each.r, each.f, each.m)
        for each in members(answer)
    )  # fmt: skip
    return export(request, "value", header, rows, kind=kind, total=len(answer))


def thresholds(answer: Any, parameters: RfmParameters) -> list[tuple[str, str]]:
    """Where *high* begins, in words, for R, F and M. Some splits count the threshold itself as high."""
    split = parameters.typed["split"]
    if split == "score":
        return [("R F M", _("a score above the mean of scores"))]
    limits = answer.to_dict()["thresholds"]
    days, orders = (f"{limits[name]:,.1f}".removesuffix(".0") for name in ("r", "f"))
    amount = figures.money_exact(Decimal(limits["m"]), settings.WOTU_SETTINGS.currency)
    inside = split in ("median", "own")
    recency = (
        _("at most %(days)s days since the last order") if inside else _("under %(days)s days since the last order")
    )
    frequency = _("at least %(orders)s orders") if inside else _("over %(orders)s orders")
    if parameters.typed["monetary"] == "average":
        monetary = _("at least %(money)s an order") if inside else _("over %(money)s an order")
    else:
        monetary = _("at least %(money)s in all") if inside else _("over %(money)s in all")
    return [("R", recency % {"days": days}), ("F", frequency % {"orders": orders}), ("M", monetary % {"money": amount})]


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
