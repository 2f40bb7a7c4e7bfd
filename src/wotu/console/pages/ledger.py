"""Ledger: what was issued and became of it, whether the ledger agrees with itself, and what will expire when."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.charts import expiry_chart, unused_style
from wotu.console.ledger_tabs import ledger_page
from wotu.console.ledger_words import amount, amount_short, currency_of
from wotu.console.permissions import require
from wotu.core.money import exponent
from wotu.ledger import house_reads
from wotu.ledger.house_reads import Expiring, Liability
from wotu.ledger.proof_services import last_proof
from wotu.ledger.reads import UnitRow

_PARTS = ("issued", "redeemed", "expired", "adjusted", "outstanding")


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every unit with its totals; of the one the address chooses, programmes and what will expire when."""
    require(request, Action.READ)
    told = house_reads.liability()
    chosen = next((each for each in told if each.unit.code == request.GET.get("unit")), None) or _first(told)
    context: dict[str, Any] = {
        "proof": last_proof(),
        "units": [_shown(each) for each in told],
        "chosen": chosen.unit.code if chosen else "",
    }
    if chosen is not None:
        context |= {"unit": chosen.unit, "programmes": _programmes(chosen), **_calendar(chosen.unit)}
    response = ledger_page(request, "console/ledger/overview.html", "overview", context)
    response.has_chart = bool(context.get("months"))  # type: ignore[attr-defined]
    return response


def _first(told: tuple[Liability, ...]) -> Liability | None:
    """The unit a page is about when none is chosen: the one most customers have."""
    return max(told, key=lambda each: each.customers, default=None)


def _shown(each: Liability) -> dict[str, Any]:
    parts = (*_PARTS, "owed", "in_limits")
    return {
        "unit": each.unit,
        "customers": each.customers,
        **{name: amount_short(getattr(each, name), each.unit) for name in parts},
        "exact": {name: amount(getattr(each, name), each.unit) for name in parts},
        "owes": each.owed,
        "limited": each.in_limits,
    }


def _programmes(chosen: Liability) -> list[dict[str, Any]]:
    return [
        {"name": each.programme, **{name: amount(getattr(each, name), chosen.unit) for name in _PARTS}}
        for each in chosen.programmes
    ]


def _calendar(unit: UnitRow) -> dict[str, Any]:
    zone = settings.WOTU_SETTINGS.zone
    months = house_reads.expiry_calendar(unit.code, since=timezone.now(), by="month", zone=zone)
    if not months:
        return {"months": []}
    currency = currency_of(unit)
    scale = 10 ** exponent(currency) if currency else 1
    every = _without_gaps(months)
    told = [(figures.month(each.start), amount(each.amount, unit), each.lots) for each in every]
    chart = expiry_chart(
        [name for name, _, _ in told], [each.amount / scale for each in every], [text for _, text, _ in told]
    )
    return {"months": told, "chart": chart, "unused_style": unused_style()}


def _without_gaps(months: tuple[Expiring, ...]) -> list[Expiring]:
    """Each month from the first to the last, at most ten years of them: a bar's place says when it is."""
    found = {each.start: each for each in months}
    start, every = months[0].start, list[Expiring]()
    while start <= months[-1].start and len(every) < 120:
        every.append(found.get(start, Expiring(start, 0, 0)))
        start = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return every
