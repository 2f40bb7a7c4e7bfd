"""Durations as people write them: ``30s 10m 6h 7d 2w`` (a day is 24 hours)."""

from __future__ import annotations

import re

from wotu.core.errors import Reason, invalid_argument

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_DURATION = re.compile(r"\s*(\d{1,9})\s*([smhdw])\s*")


def parse_duration(text: str, *, field: str) -> int:
    """Microseconds of a duration such as ``7d``; raises naming ``field`` when it is not one."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise invalid_argument(
            field,
            f"{field}={text!r} is not a duration; write a number and s, m, h, d or w, such as 7d.",
            Reason.NOT_A_DURATION,
        )
    return int(match[1]) * _UNITS[match[2]]


def parse_days(text: str, *, field: str) -> int:
    """Whole days of a duration such as ``365d`` or ``4w``."""
    microseconds = parse_duration(text, field=field)
    if microseconds % DAY:
        raise invalid_argument(
            field, f"{field}={text!r} must be whole days, such as 365d or 52w.", Reason.NOT_A_DURATION
        )
    return microseconds // DAY
