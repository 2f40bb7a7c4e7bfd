"""Points and growth value for what customers do: a table of rules, reckoned over the order that remains.

An order earns what its net lines earn. When something comes back, the same is asked of what remains, and the
difference is taken back: effects(order) − effects(refunds) = effects(remaining order), exactly, in any split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Literal

import msgspec

from wotu.core.errors import invalid_argument
from wotu.core.money import LARGEST_MINOR
from wotu.loyalty.pricing.allocation import allocate, cumulative
from wotu.loyalty.pricing.cart import Line, out_of_range
from wotu.loyalty.pricing.quote import Quote
from wotu.loyalty.pricing.returning import Refund
from wotu.loyalty.pricing.rules import Scope

Fact = str | int | bool
SHIPPING = "shipping"
"""The line id of the shipping fee, where a rule counts it."""


class EarnLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line net of returns, in minor units: ``paid`` in money, ``tax`` in that, and what points and coupons paid."""

    line_id: str
    product_id: str
    quantity: int
    paid: int
    category: tuple[str, ...] = ()
    tax: int = 0
    points_amount: int = 0
    coupons: int = 0


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something a customer did on a day of the programme, with its facts; an order has lines, other deeds have none.

    An order of which no lines are known has one line for all of it. ``percent`` is the multiplier of a paid membership:
    of points that money earns it counts where that of the tier is lower.
    """

    day: date
    event: str = "Order Completed"
    tier: str = ""
    percent: int = 100
    lines: tuple[EarnLine, ...] = ()
    shipping: int = 0
    facts: dict[str, Fact] = {}


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What counts besides money paid for goods without tax."""

    tax: bool = False
    shipping: bool = False
    points: bool = False
    coupons: bool = False

    def of(self, line: EarnLine) -> int:
        """Minor units of ``line`` that earn."""
        amount = line.paid + line.points_amount * self.points + line.coupons * self.coupons
        return max(0, amount - line.tax * (not self.tax))


_EVERYTHING = Scope()


class EarnRule(msgspec.Struct, frozen=True, kw_only=True):
    """``points`` for each ``per`` minor units of the base (``per`` 0: once for the deed), when ``where`` holds.

    ``where`` names facts and the values they must have; ``least`` is the base it takes. Multipliers are in percent and
    multiply each other. The cap of one order is kept here, those of a day and a month by ``room``. ``unit`` says what
    is earned.
    """

    rule_id: str
    points: int
    per: int = 0
    version: int = 1
    event: str = "Order Completed"
    unit: str = "points"
    where: dict[str, Fact] = {}
    scope: Scope = Scope()
    base: Base = Base()
    least: int = 0
    by_tier: dict[str, int] = {}
    by_weekday: dict[int, int] = {}
    by_day: dict[date, int] = {}
    most_per_order: int | None = None
    most_per_day: int | None = None
    most_per_month: int | None = None
    rounding: Literal["down", "half_up"] = "down"

    def __post_init__(self) -> None:
        for field in ("points", "per", "least", "most_per_order", "most_per_day", "most_per_month"):
            value = getattr(self, field)
            if value is not None and not 0 <= value <= LARGEST_MINOR:
                raise out_of_range(field, value, 0, LARGEST_MINOR)
        for field, table in (("by_tier", self.by_tier), ("by_weekday", self.by_weekday), ("by_day", self.by_day)):
            if any(not 0 <= percent <= 10_000 for percent in table.values()):
                raise invalid_argument(
                    field, f"{field}={table} must have percent between 0 and 10000; 150 is one and a half."
                )
        if not set(self.by_weekday) <= set(range(1, 8)):
            raise invalid_argument("by_weekday", "by_weekday has days from 1 (Monday) to 7 (Sunday).")


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule gives for a deed, and for which lines (none where the deed has none)."""

    rule_id: str
    version: int
    unit: str
    points: int
    lines: dict[str, int] = {}


def points_for(deed: Deed, rules: Iterable[EarnRule], rooms: Mapping[str, int] | None = None) -> tuple[Earned, ...]:
    """What ``deed`` earns by each rule that gives something. ``rooms`` (rule id → points) is what caps of the day and
    the month have left when the deed happens; it stays what it was when the deed is reckoned again after a return.
    """
    found = []
    for rule in sorted(rules, key=lambda rule: rule.rule_id):
        bases = _bases(rule, deed)
        points = min(_uncapped(rule, deed, bases), (rooms or {}).get(rule.rule_id, LARGEST_MINOR))
        if points > 0:
            ids = sorted(bases)
            weights = [bases[line_id] for line_id in ids] if any(bases.values()) else [1] * len(ids)
            parts = allocate(points, dict(enumerate(weights)))
            found.append(Earned(rule_id=rule.rule_id, version=rule.version, unit=rule.unit, points=points,
                                lines={line_id: parts[i] for i, line_id in enumerate(ids) if parts[i]}))  # fmt: skip
    return tuple(found)


def room(rule: EarnRule, *, today: int, this_month: int) -> int | None:
    """How many points ``rule`` can still give to somebody who has had so many by it; ``None`` without a cap."""
    left = [
        most - had for most, had in ((rule.most_per_day, today), (rule.most_per_month, this_month)) if most is not None
    ]
    return max(0, min(left)) if left else None


def taken_back(before: Iterable[Earned], after: Iterable[Earned]) -> dict[str, int]:
    """By rule, what was earned before and is no longer."""
    points = Counter({each.rule_id: each.points for each in before})
    points.subtract({each.rule_id: each.points for each in after})
    return {rule_id: lost for rule_id, lost in sorted(points.items()) if lost}


def _bases(rule: EarnRule, deed: Deed) -> dict[str, int]:
    """The base of each line in scope of which something is left."""
    bases = {line.line_id: rule.base.of(line) for line in deed.lines if line.quantity and _in_scope(rule, line)}
    return bases | {SHIPPING: deed.shipping} if rule.base.shipping and bases else bases


def _in_scope(rule: EarnRule, line: EarnLine) -> bool:
    if rule.scope == _EVERYTHING:
        return True
    as_bought = Line(line_id=line.line_id, product_id=line.product_id, category=line.category, unit_price=0)
    return rule.scope.holds(as_bought)


def _uncapped(rule: EarnRule, deed: Deed, bases: Mapping[str, int]) -> int:
    total = sum(bases.values())
    gone = bool(deed.lines) and not bases
    if deed.event != rule.event or gone or total < rule.least or not _holds(rule.where, deed.facts):
        return 0
    exact = Fraction(rule.points * total, rule.per) if rule.per else Fraction(rule.points)
    weekday = rule.by_weekday.get(deed.day.isoweekday(), 100)
    by_tier = rule.by_tier.get(deed.tier, 100)
    if rule.per and rule.unit == "points":
        by_tier = max(by_tier, deed.percent)
    percents = (by_tier, weekday, rule.by_day.get(deed.day, 100))
    for percent in percents:
        exact = exact * percent / 100
    points = floor(exact) if rule.rounding == "down" else floor(exact + Fraction(1, 2))
    return points if rule.most_per_order is None else min(points, rule.most_per_order)


def _holds(where: Mapping[str, Fact], facts: Mapping[str, Fact]) -> bool:
    # Python takes True for 1; a rule about a number does not mean a yes.
    return all(name in facts and (type(facts[name]), facts[name]) == (type(want), want) for name, want in where.items())


def bought(
    quote: Quote, refunds: Sequence[Refund] = (), *, coupons: Collection[str] = (),
    taxes: Mapping[str, int] | None = None,
) -> tuple[EarnLine, ...]:  # fmt: skip
    """The lines of a priced order net of ``refunds``. ``coupons`` names the rules that are coupons; ``taxes`` is the
    tax within what was paid for each line.
    """
    back: Counter[tuple[str, str]] = Counter()
    for part in (part for each in refunds for part in each.lines):
        back.update({(part.line_id, what): getattr(part, what) for what in ("quantity", "value", "amount")})
    products = {line.line_id: line for line in quote.cart.lines}
    found = []
    for line in quote.lines:
        value, gone = line.payable + line.points_amount, back[line.line_id, "value"]
        by_coupons = sum(each.amount for each in line.discounts if each.rule_id in coupons and each.points is None)
        rest = {name: whole - cumulative(whole, gone, max(1, value)) for name, whole in (
            ("tax", (taxes or {}).get(line.line_id, 0)), ("coupons", by_coupons),
        )}  # fmt: skip
        found.append(EarnLine(
            line_id=line.line_id, product_id=products[line.line_id].product_id,
            category=products[line.line_id].category, quantity=line.quantity - back[line.line_id, "quantity"],
            paid=line.payable - back[line.line_id, "amount"],
            points_amount=line.points_amount - gone + back[line.line_id, "amount"], **rest,
        ))  # fmt: skip
    return tuple(found)
