"""What is known of everybody who came to the step, split into those who went on and those who stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wotu.core.properties import property_column
from wotu.insight.funnel_fold import credited
from wotu.insight.funnel_question import Funnel
from wotu.insight.step_doctor_kernel import OFFER, PRICE, SPENT, around
from wotu.insight.units import Units
from wotu.insight.who import Found
from wotu.timeline.columns import CODED
from wotu.timeline.masks import present
from wotu.timeline.questions import EventSet
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

Integers = npt.NDArray[np.int64]
STOPPED, WENT_ON = 0, 1
_PAGES = ("Page: ", "Screen: ")


@dataclass(frozen=True, kw_only=True)
class StepDoctor:
    """The question. ``step``: the step one comes to, from 0; ``sets``: as the kernel orders them; ``prices`` and
    ``offers``: the properties that tell of them; ``every_page``: whether pages are the events named so."""

    funnel: Funnel
    step: int
    sets: tuple[EventSet, ...]
    prices: tuple[str, ...]
    offers: tuple[str, ...]
    every_page: bool
    before: int
    shortly: int
    gap: int


@dataclass(frozen=True)
class DoctorPartial:
    """Per group (stopped, went on): how many; per measure (customers with any, sum, sum of squares) and signal; µs
    spent. ``carried``: which of the properties of ``_carries`` any event has at all."""

    customers: Integers
    sums: Integers
    spent: tuple[tuple[Integers, ...], ...]
    carried: int
    looked_at: int

    def __add__(self, other: DoctorPartial) -> DoctorPartial:
        return DoctorPartial(
            self.customers + other.customers,
            self.sums + other.sums,
            tuple(mine + theirs for mine, theirs in zip(self.spent, other.spent, strict=True)),
            self.carried | other.carried,
            self.looked_at + other.looked_at,
        )


def fold(question: StepDoctor, shard: Shard) -> DoctorPartial:
    """One shard's sums."""
    carries = _carries(question, shard)
    _, went_on, found, looked_at = _measured(question, shard, carries)
    groups = [found[~went_on], found[went_on]]
    spent = tuple((group[:, SPENT].copy(),) for group in groups)
    counts = [group.copy() for group in groups]
    for group in counts:
        group[:, SPENT] = 0
    sums = np.array([((group > 0).sum(axis=0), group.sum(axis=0), (group**2).sum(axis=0)) for group in counts])
    carried = int(np.bitwise_or.reduce(carries, initial=0))
    return DoctorPartial(np.array([len(group) for group in groups]), sums, spent, carried, looked_at)


def who(question: StepDoctor, went_on: bool, signal: int | None, has: bool, shard: Shard) -> Found:
    """Those of a group, or of it those with any of a signal (or with none)."""
    rows, on, found, _ = _measured(question, shard, _carries(question, shard))
    chosen = on == went_on
    if signal is not None:
        chosen &= (found[:, signal] > 0) == has
    return Found(shard.ids[rows[chosen]])


def _measured(
    question: StepDoctor, shard: Shard, carries: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_], Integers, int]:  # fmt: skip
    """Places of the customers who came to the step, whether they went on, what was found, and how many events there
    were."""
    steps, step = len(question.funnel.steps), question.step
    found = symbols(shard, (*question.funnel.sets, *question.sets), question.funnel.scope)
    attempts = credited(question.funnel, shard, found, Units(shard.offsets, found.kept))
    came = attempts.at[:, step] >= 0
    unit = attempts.unit[came]
    here, there = attempts.at[came, step], attempts.at[came, step + 1]
    pages = [question.every_page and name.startswith(_PAGES) for name in shard.manifest.events]
    signals = around(
        shard.offsets, shard.time, shard.code, found.symbol, found.sets, carries,
        np.array(pages or [False], np.uint8), unit, here, there, np.uint64(steps), np.uint64((1 << step + 1) - 1),
        question.before, question.shortly, question.funnel.within, question.gap,
    )  # fmt: skip
    return unit, there >= 0, signals, int(np.diff(shard.offsets)[found.kept].sum())


def _carries(question: StepDoctor, shard: Shard) -> npt.NDArray[np.uint8]:
    """Per event a bit for a price and one for an offer; nothing at all where no such property is known."""
    if not question.prices and not question.offers:
        return np.empty(0, np.uint8)
    carries = np.zeros(len(shard.time), np.uint8)
    for names, bit in ((question.prices, PRICE), (question.offers, OFFER)):
        for name in names:
            column = shard.property(property_column(name))
            there = present(column)
            # An order that says discount 0 had no offer.
            carries |= (there if column.kind in CODED else there & (column.values != 0)).astype(np.uint8) * bit
    return carries
