"""RFM: how recently, how often and for how much did each customer order, and which value segment is that?

Facts before 00:00 of ``as_of`` count. R = calendar days from the last order's date to ``as_of``;
F = distinct orders neither cancelled nor fully refunded; M = the net revenue of these, total or
average (rounded to minor units). ``window``: only orders on ``as_of − window ≤ date < as_of``. A score
is 1 + ⌊5 × share of customers strictly worse⌋. Segments come from R, F and M *high*: strictly above
the mean (``mean``), at or above the median (``median``), the mean of the scores (``score``) or given
thresholds; for R fewer days are high. Anonymous customers are counted apart.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from wotu.core.periods import periods
from wotu.score.order_totals import order_totals
from wotu.score.rfm_answer import RfmAnswer, answer
from wotu.score.rfm_question import Integers, Monetary, Rfm, RfmPartial, Split, question
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard


def rfm(
    source: Source, *, as_of: date | str | None = None, window: str | None = None, monetary: Monetary = "total",
    split: Split = "mean",
) -> RfmAnswer:  # fmt: skip
    """Ask the question."""
    asked = question(source, as_of, window, monetary, split)
    partial = source.executor.run(lambda shard: fold(asked, shard), source.generation.shards)
    return answer(asked, partial, recency_days(asked, partial.last), source)


def fold(question: Rfm, shard: Shard) -> RfmPartial:
    """One shard's customers with an order in the window."""
    totals = order_totals(shard, since=question.since, until=question.until)
    has = totals.placed > 0
    return RfmPartial(
        shard.ids[has], totals.last[has], totals.frequency[has], totals.monetary[has], shard.identified[has],
        int(totals.placed.sum()),
    )  # fmt: skip


def recency_days(question: Rfm, last: Integers) -> Integers:
    """Calendar days, in the workspace's zone, from each instant to ``as_of``."""
    if not len(last):
        return np.zeros(0, np.int64)
    days = periods(int(last.min()), question.until, "day", question.zone)
    starts = np.array(days.boundaries[:-1], np.int64)
    first = date.fromisoformat(days.labels[0])
    return (question.as_of - first).days - (np.searchsorted(starts, last, side="right") - 1)
