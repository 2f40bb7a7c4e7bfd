"""Overview, slowly: one period against the one of equal length before it, customer by customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from oracles.rfm import RfmOrder


def period(orders: Sequence[RfmOrder], start: datetime, end: datetime, now: datetime) -> dict[str, int]:
    """Counts of ``[start, end)``; money in minor units, net of the refunds given before ``now``."""
    placed: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for order in orders:
        given = [amount for at, amount in order.refunds if at < now]
        gone = bool(given) and sum(given) >= order.revenue
        if order.time < now and not gone:
            placed[order.customer].append((order.time, order.revenue - sum(given)))
    before = start - (end - start)
    counts: dict[str, int] = defaultdict(int)
    for theirs in placed.values():
        theirs.sort(key=lambda pair: pair[0])
        inside = [(at, money) for at, money in theirs if start <= at < end]
        earlier = [at for at, _ in theirs if at < start]
        just_before = any(before <= at for at in earlier)
        counts["revenue"] += sum(money for _, money in inside)
        counts["orders"] += len(inside)
        repeats = inside if earlier else inside[1:]
        counts["repeat_revenue"] += sum(money for _, money in repeats)
        counts["repeaters"] += bool(repeats)
        counts["base"] += bool(earlier or repeats)
        counts["active"] += bool(inside)
        counts["new"] += bool(inside and not earlier)
        counts["returning"] += bool(inside and just_before)
        counts["resurrecting"] += bool(inside and earlier and not just_before)
        counts["dormant"] += bool(just_before and not inside)
    return dict(counts)
