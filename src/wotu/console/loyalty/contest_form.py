"""The form of a contest: what counts, when, and what which places win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wotu.console.loyalty.typed import TypedFields
from wotu.core.periods import from_micros, midnight
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import ContestMetric, ContestTie
from wotu.loyalty.contests.ranks import MOST_PLACES, Prize

PRIZES = (1, 2, 3, 4)
NAMES = (
    "campaign", "name", "metric", "event", "tie", "starts", "ends", "wait",
    *(f"{what}_{number}" for number in PRIZES for what in ("first", "last", "points", "template")),
)  # fmt: skip
BLANK = dict.fromkeys(NAMES, "") | {
    "metric": ContestMetric.SPENT.value, "tie": ContestTie.EARLIER.value, "wait": "7", "first_1": "1", "last_1": "1",
}  # fmt: skip
_LONGEST_WAIT = 366


@dataclass(frozen=True)
class PlannedContest:
    """A contest that was typed and can be."""

    campaign: CampaignRow
    name: str
    metric: str
    event: str
    tie: str
    prizes: tuple[Prize, ...]
    starts_at: datetime
    ends_at: datetime
    cut_off: datetime


def posted(given: Mapping[str, str]) -> dict[str, str]:
    """What was typed, word for word."""
    return {name: given.get(name, "")[:500] for name in NAMES}


def contest_of(
    typed: Mapping[str, str], choices: Mapping[str, CampaignRow], zone: ZoneInfo, now: datetime
) -> tuple[PlannedContest | None, dict[str, str]]:  # fmt: skip
    """The contest of a form, or what is wrong with which field. One that begins today begins now."""
    form = TypedFields(typed)
    if typed.get("campaign", "") not in choices:
        form.refuse("campaign", _("Choose one of the options."))
    name, metric = form.text("name", most=120), form.choice("metric", tuple(ContestMetric.values))
    tie = form.choice("tie", tuple(ContestTie.values))
    event = form.text("event", most=200) if metric == ContestMetric.EVENT else ""
    first, last, wait = _day(form, "starts"), _day(form, "ends"), form.whole("wait", least=0, most=_LONGEST_WAIT)
    if first and last and last < first:
        form.refuse("ends", _("The last day must not be before the first."))
    today = now.astimezone(zone).date()
    if event and first and first < today:
        form.refuse("starts", _("An event is counted from now on: begin today or later."))
    prizes = _prizes(form)
    if form.errors or first is None or last is None:
        return None, form.errors
    starts = _start(first, zone)
    ends = _start(last + timedelta(days=1), zone)
    if event:
        starts = max(starts, now)
    cut_off = _start(last + timedelta(days=1 + (wait or 0)), zone)
    planned = PlannedContest(choices[typed["campaign"]], name, metric, event, tie, prizes, starts, ends, cut_off)
    return planned, {}


def _prizes(form: TypedFields) -> tuple[Prize, ...]:
    found = []
    for number in PRIZES:
        first, last = form.whole(f"first_{number}", most=MOST_PLACES), form.whole(f"last_{number}", most=MOST_PLACES)
        points, template = form.whole(f"points_{number}"), form.whole(f"template_{number}")
        if first is None:
            if any(each is not None for each in (last, points, template)):
                form.refuse(f"first_{number}", _("Write which place wins it."))
            continue
        last = first if last is None else last
        if last < first:
            form.refuse(f"last_{number}", _("The last place must not be before the first."))
        elif points is None and template is None:
            form.refuse(f"points_{number}", _("Write points, choose a coupon, or both."))
        else:
            found.append(Prize(first=first, last=last, points=points or 0, template=template))
    if not found and not form.errors:
        form.refuse("first_1", _("Name at least one prize."))
    for one, other in pairwise(sorted(found, key=_range)):
        if other.first <= one.last:
            form.refuse("first_1", _("Place %(place)s has two prizes; give it one.") % {"place": other.first})
    return tuple(found)


def _range(prize: Prize) -> tuple[int, int]:
    return prize.first, prize.last


def _day(form: TypedFields, name: str) -> date | None:
    found = form.day(name)
    if found is None:
        form.refuse(name, _("Write a date such as 2026-01-31."))
    return found


def _start(day: date, zone: ZoneInfo) -> datetime:
    return from_micros(midnight(day, zone), zone)
