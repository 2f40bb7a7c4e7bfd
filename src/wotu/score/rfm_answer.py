"""What RFM says: scores and segments of all customers, computed exactly from their R, F and M."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.customer_ids import customer_texts
from wotu.core.money import decimal_text
from wotu.insight.answers import Reach
from wotu.insight.drawing import bars
from wotu.score.rfm_question import Rfm, RfmPartial, Thresholds
from wotu.score.segments import KEYS, SEGMENTS, segment_number
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
# A split that puts fewer than this share on one side says little.
_DEGENERATE = 0.05


@dataclass(frozen=True)
class Segment:
    """One value segment: ``share`` of customers, ``revenue_share`` of their net revenue."""

    key: str
    name: str
    customers: int
    orders: int
    revenue: Decimal
    share: float
    revenue_share: float


@dataclass(frozen=True)
class Anonymous:
    """Customers without a strong identifier, who are in no segment."""

    customers: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True)
class RfmAnswer:
    """One row per identified customer with an order; ``segment`` is a position in ``SEGMENTS``.

    ``split`` names how thresholds came about; ``degenerate`` lists which of r, f, m put nearly
    everybody on one side. ``unconverted``: orders in a currency without a rate, left out of money.
    ``costs_known``: some product has a cost; without, all money here is on a revenue basis.
    """

    as_of: date
    split: str
    monetary_mode: str
    thresholds: Thresholds
    currency: str
    customer: Integers
    recency: Integers
    frequency: Integers
    monetary: Integers
    total: Integers
    scores: Integers
    segment: npt.NDArray[np.int8]
    anonymous: Anonymous
    unconverted: int
    costs_known: bool
    degenerate: tuple[str, ...]
    reach: Reach

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All eight, in the order of the definitions."""
        everybody, money = len(self), int(self.total.sum())
        found = []
        for number, rule in enumerate(SEGMENTS):
            mine = self.segment == number
            count, revenue = int(mine.sum()), int(self.total[mine].sum())
            found.append(
                Segment(
                    rule.key, rule.name, count, int(self.frequency[mine].sum()), self._decimal(revenue),
                    count / everybody if everybody else 0.0, revenue / money if money else 0.0,
                )
            )  # fmt: skip
        return tuple(found)

    def customers(self, segment: str | None = None) -> list[str]:
        """The customers of a segment (or all), as Wotu ids."""
        chosen = self.customer if segment is None else self.customer[self.segment == KEYS.index(segment)]
        return customer_texts(chosen)

    @property
    def table(self) -> pa.Table:
        """A row per customer; monetary is decimal text, score the three digits r f m, total their sum."""
        r, f, m = self.scores
        return pa.table(
            {
                "customer_id": customer_texts(self.customer),
                "recency_days": self.recency,
                "frequency": self.frequency,
                "monetary": [decimal_text(int(amount), self.currency) for amount in self.monetary],
                "r": r,
                "f": f,
                "m": m,
                "score": r * 100 + f * 10 + m,
                "total": r + f + m,
                "segment": pa.array(KEYS).take(pa.array(self.segment)),
            }
        )

    def figure(self) -> Figure:
        """Customers per segment."""
        sizes = {segment.name: float(segment.customers) for segment in self.segments}
        return bars(f"Value segments as of {self.as_of}", sizes, "customers")

    def to_dict(self) -> dict[str, Any]:
        segments = [
            {"segment": s.key, "name": s.name, "customers": s.customers, "revenue": str(s.revenue)}
            for s in self.segments
        ]
        anonymous = {
            "customers": self.anonymous.customers,
            "orders": self.anonymous.orders,
            "revenue": str(self.anonymous.revenue),
        }
        return {
            "question": "rfm",
            "as_of": self.as_of.isoformat(),
            "customers": len(self),
            "monetary": self.monetary_mode,
            "split": self.split,
            "thresholds": {"r": self.thresholds.r, "f": self.thresholds.f, "m": self._shown_m()},
            "degenerate": list(self.degenerate),
            "segments": segments,
            "anonymous": anonymous,
            "unconverted": self.unconverted,
            "scope": self.reach.to_dict(),
        }

    def _shown_m(self) -> str | float:
        if self.split == "score":
            return self.thresholds.m
        return decimal_text(round(self.thresholds.m), self.currency)

    def _decimal(self, minor: int) -> Decimal:
        return Decimal(decimal_text(minor, self.currency))


def answer(question: Rfm, partial: RfmPartial, recency: Integers, source: Source) -> RfmAnswer:
    """Scores and segments of the customers a fold found."""
    known = partial.identified
    r, f, total = recency[known], partial.frequency[known], partial.monetary[known]
    m = total if question.monetary == "total" else _average(total, f)
    scores = np.stack([_scores(-r), _scores(f), _scores(m)]) if len(r) else np.zeros((3, 0), np.int64)
    thresholds, high = _high(question, (r, f, m), scores)
    segment = _PATTERNS[high[0].astype(int) * 4 + high[1].astype(int) * 2 + high[2].astype(int)]
    shares = {name: float(side.mean()) for name, side in zip("rfm", high, strict=True) if len(side)}
    money = Decimal(decimal_text(int(partial.monetary[~known].sum()), source.currency))
    return RfmAnswer(
        as_of=question.as_of, split=question.split, monetary_mode=question.monetary, thresholds=thresholds,
        currency=source.currency, customer=partial.customer[known], recency=r, frequency=f, monetary=m, total=total,
        scores=scores, segment=segment,
        anonymous=Anonymous(int((~known).sum()), int(partial.frequency[~known].sum()), money),
        unconverted=source.manifest.totals.unconverted,
        costs_known=source.generation.products.has_costs,
        degenerate=tuple(name for name, share in shares.items() if min(share, 1 - share) < _DEGENERATE),
        reach=Reach.of(source, customers=len(partial.customer), events=partial.orders),
    )  # fmt: skip


_PATTERNS = np.array([segment_number(bool(code & 4), bool(code & 2), bool(code & 1)) for code in range(8)], np.int8)


def _average(total: Integers, orders: Integers) -> Integers:
    """Net revenue per order in minor units, rounded half-up; 0 where no order counts."""
    pieces = np.maximum(orders, 1)
    return np.where(orders > 0, (2 * total + pieces) // (2 * pieces), 0)


def _scores(values: Integers) -> Integers:
    """1 + ⌊5 × share of customers strictly worse⌋, where a lower value is worse.

    At least c customers are strictly worse than those above the c-th lowest value, so four cuts tell all.
    """
    ordered, count = np.sort(values), len(values)
    scores = np.ones(count, np.int64)
    for fifth in range(1, 5):
        scores += values > ordered[-(-fifth * count // 5) - 1]
    return scores


def _high(
    question: Rfm, metrics: tuple[Integers, Integers, Integers], scores: Integers
) -> tuple[Thresholds, tuple[npt.NDArray[np.bool_], ...]]:
    """The thresholds, and who is high in R, F and M; comparisons are between integers, so exact."""
    r, f, m = metrics
    if question.given is not None:
        limits = question.given
        return limits, (r <= limits.r, f >= limits.f, m >= limits.m)
    if not len(r):
        return Thresholds(0.0, 0.0, 0.0), (r > 0, f > 0, m > 0)
    if question.split == "median":
        middle = [float(np.median(metric)) for metric in metrics]
        return Thresholds(*middle), (r <= math.floor(middle[0]), f >= math.ceil(middle[1]), m >= math.ceil(middle[2]))
    if question.split == "score":
        return Thresholds(*(_mean(score) for score in scores)), tuple(_above_mean(score) for score in scores)
    # Fewer days are high: strictly below the mean.
    return Thresholds(*(_mean(metric) for metric in metrics)), (_above_mean(-r), _above_mean(f), _above_mean(m))


def _above_mean(values: Integers) -> npt.NDArray[np.bool_]:
    """value > Σ ÷ n, exactly: an integer exceeds a quotient when it exceeds its floor."""
    return values > int(values.sum()) // len(values)


def _mean(values: Integers) -> float:
    return int(values.sum()) / len(values)
