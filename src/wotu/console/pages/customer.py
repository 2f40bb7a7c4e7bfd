"""One customer: who it is, where it stands, what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console.answers import ask, workspace
from wotu.console.data_tabs import allowed
from wotu.console.pages.consent import consent_context
from wotu.console.pages.ledger_accounts import value_context
from wotu.console.sight import Sight, sight_of
from wotu.console.ties import ties
from wotu.console.vocabulary import event_name, property_name, property_value
from wotu.console.words import SEGMENTS

_ORDERS = 10
_EVENTS = 50
_KINDS_AMONG = 500
_PROPERTIES_SHOWN = 6
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True)
class Property:
    """A property of an event: its own name, what it is called, and its value as it is shown."""

    key: str
    name: str
    value: str


@dataclass(frozen=True)
class Entry:
    """One event with the properties worth a line, and the rest for who opens it."""

    time: Any
    event: str
    name: str
    brief: list[Property]
    properties: list[Property]


@require_safe
def customer(request: HttpRequest, customer_id: str) -> HttpResponse:
    """The page; an identifier in the address leads to it as well."""
    profile = workspace().customer(customer_id)
    sight = sight_of(request).knowing(profile.identifiers)
    rfm = profile.rfm
    context = {
        "room": "customers",
        "profile": profile,
        "title": _title(profile, sight),
        "identifiers": sight.identifiers(profile.identifiers),
        "identifiers_whole": sight.whole,
        "traits": {sight.text(name): sight.value(name, value) for name, value in profile.traits.items()},
        "segment": SEGMENTS.get(rfm.segment) if rfm else None,
        "scores": [("R", rfm.r), ("F", rfm.f), ("M", rfm.m)] if rfm else [],
        "order_value": profile.revenue / profile.orders if profile.orders else None,
        "may_adjust": allowed(request, Action.ADJUST_BALANCE),
        **value_context(profile.customer_id),
        **ties(profile.customer_id, sight),
        **consent_context(profile.customer_id, sight),
        **_orders(profile.customer_id, request),
        **_timeline(profile.customer_id, request, sight),
    }
    return render(request, "console/customer.html", context)


@require_safe
def orders(request: HttpRequest, customer_id: str) -> HttpResponse:
    """More orders, older than ``orders_before``."""
    if not _is_htmx(request):
        return customer(request, customer_id)
    context = {"profile_id": customer_id, **_orders(customer_id, request)}
    return _fragment(request, "console/parts/orders.html", context)


@require_safe
def timeline(request: HttpRequest, customer_id: str) -> HttpResponse:
    """More events, older than ``before``, of one kind if ``event`` names it."""
    if not _is_htmx(request):
        return customer(request, customer_id)
    profile = workspace().customer(customer_id)
    sight = sight_of(request).knowing(profile.identifiers)
    context = {"profile_id": profile.customer_id, **_timeline(profile.customer_id, request, sight)}
    return _fragment(request, "console/parts/timeline.html", context)


def _orders(customer_id: str, request: HttpRequest) -> dict[str, Any]:
    page = workspace().orders_of(customer_id, limit=_ORDERS, before=request.GET.get("orders_before") or None)
    more = urlencode({"orders_before": page.next}) if page.next else ""
    return {"profile_id": customer_id, "orders": page.rows, "orders_more": more}


def _title(profile: Any, sight: Sight) -> str:
    if profile.name:
        return sight.text(profile.name)
    return str(profile.identifiers[0].value if sight.whole and profile.identifiers else profile.customer_id)


def _timeline(customer_id: str, request: HttpRequest, sight: Sight) -> dict[str, Any]:
    wanted = request.GET.get("event", "")
    before = request.GET.get("before") or None
    page = workspace().timeline_of(customer_id, limit=_EVENTS, before=before, events=(wanted,) if wanted else ())
    days = [
        (day, [_entry(row, sight) for row in group])
        for day, group in groupby(page.rows, key=lambda row: row.time.date())
    ]
    carried = {"event": wanted} if wanted else {}
    more = urlencode({**carried, "before": page.next}) if page.next else ""
    return {
        "days": days,
        "timeline_more": more,
        "wanted": wanted,
        # An event whose name holds an identifier cannot be asked for by who may not see it.
        "kinds": [(kind, event_name(kind)) for kind in _kinds(customer_id, wanted) if sight.text(kind) == kind],
    }


def _kinds(customer_id: str, wanted: str) -> list[str]:
    """The kinds of event among the customer's latest ones, for the filter."""
    latest = ask("timeline_of", customer_id, limit=_KINDS_AMONG).rows
    return sorted({row.event for row in latest} | ({wanted} if wanted else set()))


def _entry(row: Any, sight: Sight) -> Entry:
    currency = row.properties.get("currency")
    if not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        currency = settings.WOTU_SETTINGS.currency
    known = {name: sight.value(name, value) for name, value in row.properties.items() if value is not None}
    properties = [
        Property(sight.text(name), sight.text(property_name(name, row.event)), property_value(name, value, currency))
        for name, value in known.items()
    ]
    plain = [not isinstance(value, (list, dict)) for value in known.values()]
    brief = [each for each, short in zip(properties, plain, strict=True) if short][:_PROPERTIES_SHOWN]
    return Entry(row.time, sight.text(row.event), sight.text(event_name(row.event)), brief, properties)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _fragment(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
