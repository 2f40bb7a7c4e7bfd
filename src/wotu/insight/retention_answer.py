"""What retention says: cohorts by period, the same over all cohorts, and per group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import curves, heatmap
from wotu.insight.retention_columns import Columns

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Who = Callable[[int | None, int, bool, int | None, bool], list[str]]


@dataclass(frozen=True)
class Cohort:
    """``returned`` and ``revenue`` (minor units) per column; ``None`` where the period is not over."""

    cohort: str
    complete: bool
    size: int
    returned: tuple[int | None, ...]
    revenue: tuple[int | None, ...] | None

    def rate(self, column: int) -> float | None:
        """The share that returned, or the revenue by that of period 0."""
        values = self.returned if self.revenue is None else self.revenue
        part, whole = values[column], values[0]
        return None if part is None or whole is None else ratio(part, whole)


@dataclass(frozen=True)
class Overall:
    """One column over all cohorts for which it is over; ``base``: their revenue in period 0."""

    period: int
    eligible: int
    returned: int
    revenue: int | None
    base: int | None

    @property
    def rate(self) -> float | None:
        return ratio(self.returned, self.eligible)

    @property
    def revenue_rate(self) -> float | None:
        return None if self.revenue is None or self.base is None else ratio(self.revenue, self.base)


@dataclass(frozen=True)
class CohortGroup:
    """The cohorts of one value of ``by``, or of everybody."""

    value: str | None
    cohorts: tuple[Cohort, ...]

    @property
    def overall(self) -> tuple[Overall, ...]:
        columns = len(self.cohorts[0].returned) if self.cohorts else 0
        return tuple(_overall(self.cohorts, column) for column in range(columns))


@dataclass(frozen=True)
class RetentionAnswer:
    """``everybody`` and, with ``by``, the ``groups``, which add up to it."""

    unit: str
    mode: str
    cohort: str
    measure: str
    rolling: bool
    columns: Columns
    everybody: CohortGroup
    by: str | None
    groups: tuple[CohortGroup, ...]
    currency: str
    unconverted: int
    reach: Reach
    _who: Who = field(repr=False, compare=False)

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        return self.everybody.cohorts

    @property
    def overall(self) -> tuple[Overall, ...]:
        return self.everybody.overall

    @property
    def table(self) -> pa.Table:
        """One row per cohort (and group) and period: size, returned, rate; the last two null where not over."""
        rows = [
            {
                "group": group.value, "cohort": each.cohort, "period": label, "size": each.size,
                "returned": each.returned[column], "rate": each.rate(column),
                "revenue": None if each.revenue is None else self._money(each.revenue[column]),
            }
            for group in (self.groups or (self.everybody,)) for each in group.cohorts
            for column, label in enumerate(self.columns.labels)
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, _SCHEMA)

    def customers(
        self, *, cohort: str | None = None, period: int | str, returned: bool = True, group: str | None = None,
        paid: bool = False,
    ) -> list[str]:  # fmt: skip
        """Who of a cohort (of all cohorts for which the period is over) returned in a period, or did not.

        ``period`` is a number, or the label of a bracket. ``paid``: instead, those whose orders are the revenue of the
        period.
        """
        labels = [each.cohort for each in self.cohorts]
        if cohort is not None and cohort not in labels:
            raise invalid_argument("cohort", f"cohort={cohort!r} is not in the answer: {labels[0]} to {labels[-1]}.")
        values = [each.value for each in self.groups]
        if group is not None and group not in values:
            raise invalid_argument("group", f"group={group!r} is not in the answer: {', '.join(map(str, values))}.")
        place = None if cohort is None else labels.index(cohort)
        return self._who(
            place, self.columns.place(period), returned, None if group is None else values.index(group), paid
        )

    def figure(self, view: Literal["heatmap", "curve"] | None = None) -> Figure:
        """A heatmap of cohorts by period, or the curve over all cohorts (with ``by``, the default: one per group)."""
        labels = self.columns.labels
        title = f"Retention by {self.unit}" if self.measure == "customers" else f"Revenue retention by {self.unit}"
        if view == "curve" or (view is None and self.groups):
            named = {str(group.value): _curve(group, self.measure) for group in self.groups}
            return curves(title, labels, named or {"all": _curve(self.everybody, self.measure)}, "share")
        rates = [[each.rate(column) for column in range(len(labels))] for each in self.cohorts]
        return heatmap(title, labels, [each.cohort for each in self.cohorts], rates)

    def to_dict(self) -> dict[str, Any]:
        brackets = {"brackets": list(self.columns.labels[1:])} if self.columns.brackets else {}
        # Orders ever in a currency without a rate: they are in no revenue.
        money = {"unconverted": self.unconverted} if self.measure == "revenue" else {}
        return {
            "question": "retention", "unit": self.unit, "mode": self.mode, "cohort": self.cohort,
            "measure": self.measure, "rolling": self.rolling, **money, **brackets, **self._group(self.everybody),
            "by": self.by,
            "groups": [{"value": group.value, **self._group(group)} for group in self.groups],
            "scope": self.reach.to_dict(),
        }  # fmt: skip

    def _group(self, group: CohortGroup) -> dict[str, Any]:
        return {
            "cohorts": [self._cohort(each) for each in group.cohorts],
            "overall": [self._overall(each) for each in group.overall],
        }

    def _cohort(self, each: Cohort) -> dict[str, Any]:
        row = {
            "cohort": each.cohort, "complete": each.complete, "size": each.size, "returned": list(each.returned),
        }  # fmt: skip
        return row if each.revenue is None else {**row, "revenue": [self._money(amount) for amount in each.revenue]}

    def _overall(self, each: Overall) -> dict[str, Any]:
        row = {"period": each.period, "eligible": each.eligible, "returned": each.returned, "rate": each.rate}
        if each.revenue is None:
            return row
        amounts = {"base": self._money(each.base), "revenue": self._money(each.revenue)}
        return {**row, **amounts, "revenue_rate": each.revenue_rate}

    def _money(self, amount: int | None) -> str | None:
        return None if amount is None else decimal_text(amount, self.currency)


_SCHEMA = pa.schema([
    ("group", pa.string()), ("cohort", pa.string()), ("period", pa.string()), ("size", pa.int64()),
    ("returned", pa.int64()), ("rate", pa.float64()), ("revenue", pa.string()),
])  # fmt: skip


def _overall(cohorts: Sequence[Cohort], column: int) -> Overall:
    over = [each for each in cohorts if each.returned[column] is not None]
    revenue = [(each.revenue[column], each.revenue[0]) for each in over if each.revenue is not None]
    return Overall(
        period=column,
        eligible=sum(each.size for each in over),
        returned=sum(each.returned[column] or 0 for each in over),
        revenue=sum(amount or 0 for amount, _ in revenue) if revenue else None,
        base=sum(base or 0 for _, base in revenue) if revenue else None,
    )


def _curve(group: CohortGroup, measure: str) -> list[float | None]:
    return [each.rate if measure == "customers" else each.revenue_rate for each in group.overall]
