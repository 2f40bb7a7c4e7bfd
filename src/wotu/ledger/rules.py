"""Rules of the ledger as pure functions: which lots a spend draws, where it returns to, how a limit is sliced."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wotu.core.errors import invalid_argument
from wotu.ledger.choices import Purpose

LARGEST_AMOUNT = 10**15
_MOST_SLICES = 64
# A slice is worth having when several can be spent from before any is empty.
_SMALLEST_SLICE = 8


@dataclass(frozen=True)
class Cause:
    """Why something moves; the database lets each cause move it once.

    ``event`` is the message, order or request that it happened for; ``beneficiary`` who gains by it *in that event*
    (``buyer``, ``referrer``; a customer id where one cause serves many): a role survives a merge of customers, and
    with it the promise that an order pays once. ``effect`` is what of the rule's effects this is.
    """

    programme: str
    version: int
    event: str
    beneficiary: str
    effect: str


@dataclass(frozen=True)
class Leg:
    """One side of a transfer: ``amount`` into an account, or out of it when negative; of ``lot`` where there is one.

    ``account`` is an account's number, or what the house's account of the unit is for.
    """

    unit: str
    account: int | Purpose
    amount: int
    lot: int | None = None


@dataclass(frozen=True)
class Draw:
    """``amount`` out of ``lot``."""

    lot: int
    amount: int


def check_amount(amount: int, *, field: str = "amount") -> int:
    """``amount`` when it is a whole number from 1 to 10¹⁵; otherwise an error naming ``field``."""
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= LARGEST_AMOUNT:
        raise invalid_argument(field, f"{field} must be a whole number from 1 to {LARGEST_AMOUNT:,}.")
    return amount


def check_cause(cause: Cause) -> Cause:
    """``cause`` when each of its parts is there and fits its column; otherwise an error naming the part."""
    longest = {"programme": 64, "event": 200, "beneficiary": 80, "effect": 64}
    for field, most in longest.items():
        text = getattr(cause, field)
        if not 0 < len(text) <= most or "\x00" in text:
            raise invalid_argument(field, f"{field} must have 1 to {most} characters.")
    if not 0 <= cause.version < 2**31:
        raise invalid_argument("version", "version must be a whole number from 0.")
    return cause


def draw(lots: Iterable[tuple[int, int]], amount: int) -> list[Draw]:
    """Take ``amount`` from ``lots`` (id, remaining) in the order given; less when they have less.

    The order that callers give is the rule of the house: the earliest expiry first, then the oldest.

    >>> draw([(1, 30), (2, 50)], 40)
    [Draw(lot=1, amount=30), Draw(lot=2, amount=10)]
    """
    drawn = []
    for lot, remaining in lots:
        if amount <= 0:
            break
        if taken := min(remaining, amount):
            drawn.append(Draw(lot, taken))
            amount -= taken
    return drawn


def give_back(drawn: Sequence[Draw], returned: Mapping[int, int], amount: int) -> list[Draw]:
    """Where ``amount`` of a spend returns to: the lots it was drawn from, the last drawn first.

    ``returned`` is what earlier returns gave back, by lot. Nothing returns twice: the draws may sum to less.

    >>> give_back([Draw(1, 30), Draw(2, 10)], {2: 4}, 8)
    [Draw(lot=2, amount=6), Draw(lot=1, amount=2)]
    """
    left = Counter(returned)
    open_draws = []
    for each in drawn:
        gone = min(left[each.lot], each.amount)
        left[each.lot] -= gone
        open_draws.append((each.lot, each.amount - gone))
    return draw(reversed(open_draws), amount)


def unbalanced(legs: Iterable[Leg]) -> dict[str, int]:
    """The units in which ``legs`` do not sum to zero, with their sums."""
    sums: defaultdict[str, int] = defaultdict(int)
    for leg in legs:
        sums[leg.unit] += leg.amount
    return {unit: total for unit, total in sums.items() if total}


def slice_sizes(total: int, *, slices: int | None = None) -> list[int]:
    """Sizes of the slices of a limit: equal but for the remainder, few when the limit is small; they sum to ``total``.

    >>> slice_sizes(20)
    [10, 10]
    """
    number = max(1, min(_MOST_SLICES, total // _SMALLEST_SLICE)) if slices is None else slices
    size, rest = divmod(total, number)
    return [size + (place < rest) for place in range(number)]
