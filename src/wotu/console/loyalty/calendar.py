"""Loyalty, Calendar: what runs when. A month of days, a row for each campaign, a bar from its first day to its last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.data_tabs import allowed
from wotu.console.loyalty.campaign_words import runs, state_words
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require
from wotu.loyalty import reads
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.reads import CampaignRow

_FIRST, _LAST = date(1970, 1, 1), date(8999, 12, 1)
_SATURDAY = 5


@dataclass(frozen=True)
class Bar:
    """What runs in the month shown: from day ``start`` (0: the first) for ``days`` days of it."""

    name: str
    link: str
    state: str
    key: str
    runs: str
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
        "bars": list(_bars(reads.campaigns_between(starts, ends), month, following, zone, now)),
        "previous": _previous(month), "next": following if following <= _LAST else None,
        "here": month == today.replace(day=1), "may_run": allowed(request, Action.RUN_CAMPAIGNS),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/calendar.html", "calendar", context)


def _bars(
    rows: Iterable[CampaignRow], month: date, following: date, zone: ZoneInfo, now: datetime
) -> Iterable[Bar]:  # fmt: skip
    for row in rows:
        begins = row.starts_at or row.launched_at or row.created_at
        first = max(begins.astimezone(zone).date(), month)
        last = following - timedelta(days=1)
        if row.ends_at is not None:
            last = min((row.ends_at - timedelta(microseconds=1)).astimezone(zone).date(), last)
        if last >= first:
            over = row.ends_at is not None and row.ends_at <= now
            yield Bar(
                row.name, reverse("console:campaign", args=[row.code]), state_words(row, now),
                CampaignState.ENDED if over else row.state, runs(row), (first - month).days, (last - first).days + 1,
            )  # fmt: skip


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
