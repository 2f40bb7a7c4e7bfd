"""Loyalty, Calendar: what runs when. A month of days, a row for each thing, a bar from its first day to its last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.data_tabs import allowed
from wotu.console.loyalty.dated import KINDS, Dated, Month
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require

_FIRST, _LAST = date(1970, 1, 1), date(8999, 12, 1)
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Bar:
    """What runs in the month shown: from day ``start`` (0: the first) for ``days`` days of it."""

    row: Dated
    start: int
    days: int


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The month of the address, else this one."""
    require(request, Action.READ)
    now, zone = timezone.now(), settings.WOTU_SETTINGS.zone
    today = now.astimezone(zone).date()
    month = _month(request.GET.get("month", ""), today)
    following = _next(month)
    days = [month + timedelta(days=each) for each in range((following - month).days)]
    starts = datetime.combine(month, datetime.min.time(), zone)
    ends = datetime.combine(following, datetime.min.time(), zone)
    context = {
        "month": figures.month(month), "days": [(each, each.weekday() >= _SATURDAY, each == today) for each in days],
        "count": len(days), "today": (today - month).days if month <= today < following else None,
        "groups": list(_groups(Month(starts, ends, now), month, following)),
        "previous": _previous(month), "next": following if following <= _LAST else None,
        "here": month == today.replace(day=1), "may_run": allowed(request, Action.RUN_CAMPAIGNS),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/calendar.html", "calendar", context)


def _bar(row: Dated, month: date, following: date) -> Bar | None:
    """The part of it that lies in the month, if any does."""
    first, last = max(row.first or month, month), min(row.last or following, following - _DAY)
    return Bar(row, (first - month).days, (last - first).days + 1) if first <= last else None


def _groups(asked: Month, month: date, following: date) -> Iterator[tuple[str, list[Bar]]]:
    """The kinds of which something runs in the month, by name."""
    for kind in KINDS:
        bars = [bar for each in kind.read(asked) if (bar := _bar(each, month, following)) is not None]
        if bars:
            yield str(kind.name), bars


def _month(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if _FIRST <= found <= _LAST else today.replace(day=1)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _previous(month: date) -> date | None:
    return (month - timedelta(days=1)).replace(day=1) if month > _FIRST else None
