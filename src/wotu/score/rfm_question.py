"""What RFM asks: the parameters, checked, and what a fold brings back of one share of the customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from wotu.core.durations import parse_days
from wotu.core.errors import Reason, invalid_argument
from wotu.core.money import parse_decimal
from wotu.core.periods import from_micros, midnight, parse_date
from wotu.timeline.questions import Source

Integers = npt.NDArray[np.int64]
Monetary = Literal["total", "average"]
Split = Literal["mean", "median", "score"] | Mapping[str, object]


@dataclass(frozen=True)
class Thresholds:
    """Where *high* begins: R in days, F in orders, M in minor units (of the scores, with ``score``)."""

    r: float
    f: float
    m: float


@dataclass(frozen=True, kw_only=True)
class Rfm:
    """The question, checked. ``since`` and ``until`` are instants (µs) of the first and last day's ends."""

    as_of: date
    since: int
    until: int
    monetary: Monetary
    split: Literal["mean", "median", "score", "given"]
    given: Thresholds | None
    zone: ZoneInfo


@dataclass(frozen=True)
class RfmPartial:
    """One row per customer with an order: id, time of the last order, F, M (total, minor units), identified."""

    customer: Integers
    last: Integers
    frequency: Integers
    monetary: Integers
    identified: npt.NDArray[np.bool_]
    orders: int

    def __add__(self, other: RfmPartial) -> RfmPartial:
        return RfmPartial(
            np.concatenate([self.customer, other.customer]),
            np.concatenate([self.last, other.last]),
            np.concatenate([self.frequency, other.frequency]),
            np.concatenate([self.monetary, other.monetary]),
            np.concatenate([self.identified, other.identified]),
            self.orders + other.orders,
        )


def question(source: Source, as_of: date | str | None, window: str | None, monetary: Monetary, split: Split) -> Rfm:
    zone = source.zone
    day = from_micros(source.now, zone).date() if as_of is None else parse_date(as_of, field="as_of")
    since = np.iinfo(np.int64).min
    if window is not None:
        since = _window_start(day, window, zone)
    if monetary not in ("total", "average"):
        raise invalid_argument(
            "monetary", f"monetary={monetary!r} is not known; use total or average.", Reason.NOT_A_CHOICE
        )
    kind, given = _split(split, source)
    until = midnight(day, zone)
    return Rfm(as_of=day, since=int(since), until=until, monetary=monetary, split=kind, given=given, zone=zone)


def _window_start(day: date, window: str, zone: ZoneInfo) -> int:
    days = parse_days(window, field="window")
    if days >= day.toordinal():
        raise invalid_argument(
            "window",
            f"window={window!r} reaches back before the year 1; leave it out for all history.",
            Reason.OUT_OF_RANGE,
            least=1,
            most=day.toordinal() - 1,
        )
    return midnight(day - timedelta(days=days), zone)


def _split(split: Split, source: Source) -> tuple[Literal["mean", "median", "score", "given"], Thresholds | None]:
    if split == "mean" or split == "median" or split == "score":
        return split, None
    if not isinstance(split, Mapping) or set(split) != {"r", "f", "m"}:
        raise invalid_argument(
            "split",
            f'split={split!r} must be mean, median, score or {{"r": days, "f": orders, "m": amount}}.',
            Reason.NOT_A_CHOICE,
        )
    values: dict[str, Decimal] = {}
    for name, value in split.items():
        try:
            values[name] = parse_decimal(str(value))
        except ValueError as error:
            raise invalid_argument(
                f"split.{name}", f"split.{name}={value!r} is not a number.", Reason.TOO_SMALL, least=0
            ) from error
        if values[name] < 0:
            raise invalid_argument(
                f"split.{name}", f"split.{name}={value!r} must not be negative.", Reason.TOO_SMALL, least=0
            )
    minor = values["m"].scaleb(source.money_places)
    return "given", Thresholds(float(values["r"]), float(values["f"]), float(minor))
