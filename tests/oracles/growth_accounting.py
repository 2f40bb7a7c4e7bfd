"""How many customers were new, stayed, came back and fell silent in each period?

Rule "Growth accounting": "active in a period = did the event. new = its first period ever with any event;
returning = active in the period before too; resurrecting = neither; dormant = active in the period before, not
now. Quick ratio = (new + resurrecting) / dormant. A period that is not over is marked, and left out of rates."
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from .periods import Period, Unit, instant, period_before, period_of, periods_between

LifecycleEvent = tuple[str, str, datetime, int]
"""(customer, event, time, seq)."""


class GrowthRow(TypedDict):
    """One period as in the JSON of answers, the period by its label."""

    period: str
    complete: bool
    new: int
    returning: int
    resurrecting: int
    dormant: int
    quick_ratio: float | None


def growth(
    events: Sequence[LifecycleEvent],
    *,
    names: AbstractSet[str] | None,
    since: date | None,
    until: date | None,
    unit: Unit,
    zone: ZoneInfo,
    week_start: str = "monday",
    now: datetime,
) -> list[GrowthRow]:
    """One row for every period of the range; ``names`` None is any event; "defaults: first event, now"."""
    start = instant(since, zone) if since is not None else _first_event(events)
    end = instant(until, zone) if until is not None else now.astimezone(UTC)
    if start is None:
        return []
    rows: list[GrowthRow] = []
    for period in periods_between(start, end, unit, zone, week_start):
        active = _active(events, names, period, end)
        before = _active(events, names, period_before(period, unit, zone, week_start), end)
        new = {customer for customer in active if _first_period(events, customer, unit, zone, week_start) == period}
        returning = active & before
        resurrecting = active - new - returning
        dormant = before - active
        complete = period.end <= min(end, now.astimezone(UTC))
        rows.append(
            {
                "period": period.label,
                "complete": complete,
                "new": len(new),
                "returning": len(returning),
                "resurrecting": len(resurrecting),
                "dormant": len(dormant),
                "quick_ratio": (len(new) + len(resurrecting)) / len(dormant) if complete and dormant else None,
            }
        )
    return rows


def _first_event(events: Sequence[LifecycleEvent]) -> datetime | None:
    return min((time.astimezone(UTC) for _, _, time, _ in events), default=None)


def _active(
    events: Sequence[LifecycleEvent], names: AbstractSet[str] | None, period: Period, until: datetime
) -> set[str]:
    """ "active in a period = did the event"; ``until`` cuts, ``since`` does not.

    "By-period questions move `since` back to the start of its period", and what was active in the period before
    the first one is *known*, not counted.
    """
    return {
        customer
        for customer, event, time, _ in events
        if (names is None or event in names) and period.start <= time.astimezone(UTC) < min(period.end, until)
    }


def _first_period(
    events: Sequence[LifecycleEvent], customer: str, unit: Unit, zone: ZoneInfo, week_start: str
) -> Period:
    """ "its first period ever with any event": the whole history, whatever the event's name."""
    first = min(time.astimezone(UTC) for who, _, time, _ in events if who == customer)
    return period_of(first, unit, zone, week_start)
