"""From which day until which a customer is a member, laid out anew from all they bought: terms never overlap.

A term begins on the day it was bought or, when one before it has not ended, on the day that one ends; a term bought
within the grace of the one before follows it without a gap. Pieces that come back shorten their term from its end, and
never to before the day on which they came back: days that were used are used. What follows moves forward with it. So
the terms after any purchases and returns are those of the purchases that remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from wotu.core.errors import invalid_argument
from wotu.loyalty.pricing.allocation import cumulative
from wotu.loyalty.programme.tiers import months_after

_LAST = date(8999, 1, 1)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """On ``day`` pieces came back; ``left`` are with the customer since."""

    day: date
    left: int


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """``pieces`` terms of so many months and days each, bought on a day."""

    bought_on: date
    months: int = 0
    days: int = 0
    pieces: int = 1
    cuts: tuple[Cut, ...] = ()


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """Member from ``first`` until ``after`` (not included); the two are equal when nothing of it is left."""

    first: date
    after: date


def lay_out(purchases: Sequence[Purchase], *, grace_days: int = 0) -> tuple[Term, ...]:
    """The terms of purchases of one plan, given in the order they were bought.

    Months that follow one another are counted from the first day of all of them: 31 January, 28 February, 31 March.
    """
    terms: list[Term] = []
    anchor, months, days, end, reach = date.min, 0, 0, date.min, date.min
    for each in purchases:
        first = end if terms and each.bought_on <= reach else each.bought_on
        if first != end or end != _after(anchor, months, days):
            anchor, months, days = first, 0, 0
        lengths = [_after(anchor, months + each.months * some, days + each.days * some)
                   for some in (each.pieces, *(cut.left for cut in each.cuts))]  # fmt: skip
        after = lengths[0]
        for cut, rest in zip(each.cuts, lengths[1:], strict=True):
            after = max(first, rest, min(cut.day, after))
        left = each.cuts[-1].left if each.cuts else each.pieces
        months, days, end = months + each.months * left, days + each.days * left, after
        # Whoever gave a term back does not come back into it.
        reach = end if each.cuts else min(end, _LAST - timedelta(grace_days)) + timedelta(grace_days)
        terms.append(Term(first=first, after=after))
    return tuple(terms)


def pro_rata(paid: int, *, days: int, given_before: int, given_now: int, taken: int = 0) -> int:
    """What to give back of ``paid`` for ``given_now`` of its whole ``days``, after ``given_before`` were given back.

    Days are counted from the whole each time, so refunds in any split add up to what was paid, to the minor unit.
    ``taken`` is the worth of benefits that the policy keeps for those days; it takes off what is due, never more.

    >>> [pro_rata(100, days=3, given_before=day, given_now=1) for day in range(3)]
    [33, 33, 34]
    """
    if paid < 0 or taken < 0:
        raise invalid_argument("paid", "paid and taken must not be below 0.")
    if days < 1 or min(given_before, given_now) < 0 or given_before + given_now > days:
        raise invalid_argument("given_now", "There are fewer days left to give back.")
    due = cumulative(paid, given_before + given_now, days) - cumulative(paid, given_before, days)
    return max(0, due - taken)


def month_of(first: date, day: date) -> int:
    """The month of a term, from 0, that ``day`` is in.

    >>> month_of(date(2026, 1, 31), date(2026, 2, 28))
    1
    """
    number = (day.year - first.year) * 12 + day.month - first.month
    return number if months_after(first, number) <= day else number - 1


def _after(anchor: date, months: int, days: int) -> date:
    if months * 31 + days > (_LAST - anchor).days:
        return _LAST
    return min(_LAST, months_after(anchor, months) + timedelta(days=days))
