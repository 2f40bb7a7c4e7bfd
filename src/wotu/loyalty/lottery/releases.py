"""When the tickets of a prize are let into the pool. Pure: times are microseconds, randomness is a seed.

>>> release_times((Window(starts=0, ends=0, pieces=2),), seed="s", label="p")
(0, 0)
>>> times = release_times((Window(starts=0, ends=100, pieces=4),), seed="s", label="p")
>>> [time // 25 for time in times]
[0, 1, 2, 3]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wotu.core.errors import invalid_argument
from wotu.core.periods import to_micros
from wotu.loyalty.lottery.odds import number_of


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """``pieces`` tickets come evenly from ``starts`` until ``ends`` (not included); at once where both are the same."""

    starts: int
    ends: int
    pieces: int


def evenly(pieces: int, starts: datetime, ends: datetime) -> tuple[Window, ...]:
    """All pieces spread evenly from one moment to another."""
    return (Window(starts=to_micros(starts), ends=to_micros(ends), pieces=pieces),)


def by_day(pieces: Mapping[date, int], zone: ZoneInfo) -> tuple[Window, ...]:
    """So many pieces on each day of ``zone``, spread evenly over it."""
    starts = {day: to_micros(datetime.combine(day, time(), zone)) for day in pieces}
    ends = {day: to_micros(datetime.combine(day + timedelta(days=1), time(), zone)) for day in pieces}
    return tuple(Window(starts=starts[day], ends=ends[day], pieces=pieces[day]) for day in sorted(pieces))


def over_days(
    pieces: int, days: Sequence[date], zone: ZoneInfo, *, starts: datetime, ends: datetime
) -> tuple[Window, ...]:  # fmt: skip
    """As many pieces on each of some days as on any other, the first ones one more; within the lottery's time.

    >>> [each.pieces for each in over_days(5, [date(2026, 3, 1), date(2026, 3, 3)], ZoneInfo("UTC"),
    ...     starts=datetime(2026, 3, 1, tzinfo=ZoneInfo("UTC")), ends=datetime(2026, 3, 9, tzinfo=ZoneInfo("UTC")))]
    [3, 2]
    """
    each, more = divmod(pieces, len(days))
    spread = by_day({day: each + (place < more) for place, day in enumerate(sorted(days))}, zone)
    first, last = to_micros(starts), to_micros(ends)
    return tuple(
        msgspec.structs.replace(window, starts=max(window.starts, first), ends=min(window.ends, last))
        for window in spread
    )


def check_windows(windows: Sequence[Window], pieces: int, starts: datetime, ends: datetime) -> None:
    """Raise unless the windows have all ``pieces`` and lie within the lottery: what is promised can be won."""
    first, last = to_micros(starts), to_micros(ends)
    for each in windows:
        if each.pieces < 1 or each.ends < each.starts:
            raise invalid_argument("release", "A release has a beginning, an end that is not before it, and pieces.")
        if each.starts < first or each.ends > last or each.starts >= last:
            raise invalid_argument("release", "Every ticket is released while the lottery runs, none after it.")
    if sum(each.pieces for each in windows) != pieces:
        raise invalid_argument("release", f"The release has to have all {pieces:,} pieces, no more and no fewer.")


def release_times(windows: Iterable[Window], *, seed: str, label: str) -> tuple[int, ...]:
    """The release time of each ticket, in order: each window is cut into as many parts as it has tickets.

    When in its part a ticket comes is drawn from ``seed``: nobody who has not the seed can wait for it.
    """
    times: list[int] = []
    for place, each in enumerate(windows):
        length = each.ends - each.starts
        for piece in range(each.pieces):
            first, after = (length * edge // each.pieces for edge in (piece, piece + 1))
            times.append(each.starts + first + number_of(seed, f"{label}:{place}:{piece}", max(1, after - first)))
    return tuple(sorted(times))
