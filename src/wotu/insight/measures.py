"""What ``events`` can measure: the words of ``measure=``, what is kept per cell, and the value it comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wotu.core.errors import Reason, invalid_argument
from wotu.core.money import decimal_text
from wotu.timeline.checking import check_name, kind_of
from wotu.timeline.expression import of_customers
from wotu.timeline.manifest import Manifest
from wotu.timeline.masks import column_of, present
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]
Value = int | float | str | None
Kind = Literal["customers", "count", "per_customer", "sum", "avg", "min", "max", "percentile"]
_PLAIN: dict[str, Kind] = {"customers": "customers", "count": "count", "per_customer": "per_customer"}
_OF_PROPERTY = re.compile(r"(sum|avg|min|max|p(\d{1,2})):(.+)")


@dataclass(frozen=True)
class Measure:
    """``percent`` is that of a percentile; ``money`` says that values are integer minor units."""

    kind: Kind
    property: str | None = None
    percent: int = 0
    money: bool = False


@dataclass(frozen=True)
class Summary:
    """Per cell how many values there are and their sum, least or greatest; for a percentile every value and its
    cell instead."""

    kind: Kind
    number: Integers
    reached: npt.NDArray[Any]
    cells: Integers
    values: npt.NDArray[Any]

    def __add__(self, other: Summary) -> Summary:
        combine = {"min": np.minimum, "max": np.maximum}.get(self.kind, np.add)
        return Summary(
            self.kind, self.number + other.number, combine(self.reached, other.reached),
            np.concatenate([self.cells, other.cells]), np.concatenate([self.values, other.values]),
        )  # fmt: skip


def parse_measure(text: str, manifest: Manifest) -> Measure:
    """``customers``, ``count``, ``per_customer``, ``sum:P``, ``avg:P``, ``min:P``, ``max:P`` or ``p90:P``."""
    if text in _PLAIN:
        return Measure(_PLAIN[text])
    match = _OF_PROPERTY.fullmatch(text)
    if match is None:
        raise invalid_argument(
            "measure",
            f"measure={text!r} is not known; use customers, count, per_customer, sum:P, avg:P, min:P, max:P or p90:P.",
            Reason.NOT_A_CHOICE,
        )
    name = match[3]
    check_name(name, manifest, field="measure")
    kind = kind_of(name, manifest)
    if kind not in ("number", "money") or of_customers(name):
        what = "is of customers" if of_customers(name) else f"holds {kind} values"
        raise invalid_argument(
            "measure", f"measure={text!r} needs a number of events; {name!r} {what}.", Reason.NEEDS_NUMBERS
        )
    if match[2]:
        return Measure("percentile", name, int(match[2]), kind == "money")
    function: Kind = match[1]  # type: ignore[assignment]
    return Measure(function, name, 0, kind == "money")


def summary(measure: Measure, shard: Shard, rows: Integers, cells: Integers, count: int) -> Summary:
    """What the measure needs of these rows, each in a cell below ``count``."""
    assert measure.property is not None
    column = column_of(measure.property, shard)
    given = present(column)[rows]
    values, cells = column.values[rows[given]], cells[given]
    number = np.bincount(cells, minlength=count)
    none = np.empty(0, np.int64), values[:0]
    if measure.kind == "percentile":
        return Summary(measure.kind, number, np.zeros(0, values.dtype), cells, values)
    if measure.kind in ("sum", "avg"):
        reached = np.zeros(count, values.dtype)
        np.add.at(reached, cells, values)
        return Summary(measure.kind, number, reached, *none)
    extreme = np.inf if values.dtype.kind == "f" else np.iinfo(np.int64).max
    reached = np.full(count, extreme if measure.kind == "min" else -extreme, values.dtype)
    (np.minimum if measure.kind == "min" else np.maximum).at(reached, cells, values)
    return Summary(measure.kind, number, reached, *none)


def values_of(
    measure: Measure, count: Integers, customers: Integers, found: Summary | None, currency: str
) -> list[Value]:
    """The value of every cell; money as decimal text, rounded half-up to the minor unit."""
    if measure.kind == "count":
        return list(count.tolist())
    if measure.kind == "customers":
        return list(customers.tolist())
    if measure.kind == "per_customer":
        return [n / c if c else None for n, c in zip(count.tolist(), customers.tolist(), strict=True)]
    assert found is not None
    exact = _percentiles(measure, found) if measure.kind == "percentile" else _reached(measure, found)
    if not measure.money:
        return [None if value is None else 0 if value == 0 else float(value) for value in exact]
    half = Fraction(1, 2)
    return [None if value is None else decimal_text(floor(value + half), currency) for value in exact]


def empty_value(measure: Measure, currency: str) -> Value:
    """The value of a cell without events."""
    none, nothing = np.zeros(1, np.int64), np.empty(0, np.int64)
    return values_of(measure, none, none, Summary(measure.kind, none, none, nothing, nothing), currency)[0]


def _reached(measure: Measure, found: Summary) -> list[Any]:
    """Sums, averages, least and greatest values without rounding."""
    number, reached = found.number.tolist(), found.reached.tolist()
    if measure.kind == "sum":
        return list(reached)
    if measure.kind == "avg":
        exact = Fraction if measure.money else _quotient
        return [exact(value, n) if n else None for value, n in zip(reached, number, strict=True)]
    return [value if n else None for value, n in zip(reached, number, strict=True)]


def _quotient(value: float, number: int) -> float:
    return value / number


def _percentiles(measure: Measure, found: Summary) -> list[Any]:
    """The percentile of each cell, by linear interpolation."""
    order = np.argsort(found.cells, kind="stable")
    per_cell = np.split(found.values[order], np.cumsum(found.number)[:-1])
    if measure.money:
        return [_between(sorted(values.tolist()), Fraction(measure.percent, 100)) for values in per_cell]
    return [float(np.quantile(values, measure.percent / 100)) if len(values) else None for values in per_cell]


def _between(ordered: list[int], share: Fraction) -> Fraction | None:
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
