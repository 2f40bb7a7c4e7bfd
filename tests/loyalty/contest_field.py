"""A contest over money spent in March, and people who join it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.loyalty.clubs import NOW
from tests.loyalty.receipts_shop import campaign

from wotu.loyalty.contests import reads, services
from wotu.loyalty.contests.ranks import Prize

DAY = timedelta(days=1)
END, CUT_OFF = NOW + 10 * DAY, NOW + 17 * DAY
PRIZES = (Prize(first=1, last=1, points=100), Prize(first=2, last=3, points=30))


def contest(metric: str = "spent", *, of: int | None = None, prizes: Any = PRIZES, **given: Any) -> int:
    values = {"starts_at": NOW, "ends_at": END, "cut_off": CUT_OFF, "by": "ann", "now": NOW, **given}
    return services.create_contest(campaign() if of is None else of, "March", metric, prizes, **values)


def join(to: int, *customers: int, now: datetime = NOW) -> list[int]:
    return [services.join(to, each, now=now, nickname=f"N{each}").entry for each in customers]


def count(of: int, now: datetime = END) -> dict[str, tuple[int, int]]:
    """(place, score) of everybody who has one, by nickname."""
    services.count(of, now=now)
    return {each.shown: (each.place or 0, each.score) for each in reads.board(of)}
