"""Discount rules as data: what is taken off (the effect), for whom, from which lines, beside which other rules.

Money is in minor units (分); rates are basis points taken off: 1,500 is 15 % off (八五折), 10,000 is free.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import msgspec

from wotu.core.errors import invalid_argument
from wotu.core.money import LARGEST_MINOR
from wotu.loyalty.pricing.cart import LARGEST_QUANTITY, Cart, Line, out_of_range

WHOLE = 10_000
"""All of it, in basis points."""

MeasuredAt = Literal["list", "deal", "left"]
"""Prices a threshold looks at: list prices; deal prices (after special prices); what the rules before have left."""

OnReturn = Literal["full", "per_line", "never"]
"""When a coupon comes back: the whole order is returned; every line it paid for is; not at all."""


def _within(field: str, value: int, least: int, most: int = LARGEST_MINOR) -> None:
    if not least <= value <= most:
        raise out_of_range(field, value, least, most)


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule takes off. Effects are applied stage by stage: special prices, pieces, rates, amounts, payment."""


class LimitedTimePrice(Effect, frozen=True, kw_only=True, tag="limited_time_price"):
    """限时价: pieces in scope at ``prices[product]``, products not named there at ``rate`` off the list price.

    The lowest of all special prices counts for each piece. A rule's ``most_times`` is the most pieces at its price.
    """

    prices: dict[str, int] = {}
    rate: int = 0

    def __post_init__(self) -> None:
        _within("rate", self.rate, 0, WHOLE)
        for value in self.prices.values():
            _within("prices", value, 0)


class FlashPrice(LimitedTimePrice, frozen=True, kw_only=True, tag="flash_price"):
    """秒杀价: as a limited-time price; stock, slots and the cap per person are kept elsewhere."""


class MemberPrice(Effect, frozen=True, kw_only=True, tag="member_price"):
    """会员价: ``rates[tier]`` off the list price."""

    rates: dict[str, int]

    def __post_init__(self) -> None:
        for value in self.rates.values():
            _within("rates", value, 0, WHOLE)


class Bundle(Effect, frozen=True, kw_only=True, tag="bundle"):
    """组合价: each complete set of ``pieces`` (product → quantity) costs ``price``."""

    pieces: dict[str, int]
    price: int

    def __post_init__(self) -> None:
        _within("price", self.price, 0)
        if not self.pieces:
            raise invalid_argument("pieces", "pieces is empty; name the products of a set and how many of each.")
        for value in self.pieces.values():
            _within("pieces", value, 1, LARGEST_QUANTITY)


class BuyGet(Effect, frozen=True, kw_only=True, tag="buy_get"):
    """买X送Y: for every ``buy`` pieces in scope, ``get`` further pieces at ``rate`` off, the cheapest first.

    With ``got`` the further pieces are those in that scope, and only pieces outside it are counted as bought.
    """

    buy: int
    get: int = 1
    rate: int = WHOLE
    got: Scope | None = None

    def __post_init__(self) -> None:
        _within("buy", self.buy, 1, LARGEST_QUANTITY)
        _within("get", self.get, 1, LARGEST_QUANTITY)
        _within("rate", self.rate, 0, WHOLE)


class Exchange(Effect, frozen=True, kw_only=True, tag="exchange"):
    """兑换券: one piece in scope, the dearest, for ``price``."""

    price: int = 0

    def __post_init__(self) -> None:
        _within("price", self.price, 0)


class GiftOf(Effect, frozen=True, kw_only=True, tag="gift"):
    """赠品: ``quantity`` pieces of a product beside the order; ``worth`` each is what a return without them costs."""

    product_id: str
    quantity: int = 1
    worth: int = 0

    def __post_init__(self) -> None:
        _within("quantity", self.quantity, 1, LARGEST_QUANTITY)
        _within("worth", self.worth, 0, LARGEST_MINOR // self.quantity)


class Percent(Effect, frozen=True, kw_only=True, tag="percent"):
    """折扣: ``rate`` off what the lines in scope cost together, rounded half-up."""

    rate: int

    def __post_init__(self) -> None:
        _within("rate", self.rate, 0, WHOLE)


class FullDiscount(Effect, frozen=True, kw_only=True, tag="full_discount"):
    """满折: the rate of the highest of ``steps`` (from, rate) that the lines in scope reach."""

    steps: tuple[tuple[int, int], ...]
    by: Literal["amount", "pieces"] = "amount"

    def __post_init__(self) -> None:
        _rising(self.steps)
        for _, rate in self.steps:
            _within("steps", rate, 0, WHOLE)


class AmountOff(Effect, frozen=True, kw_only=True, tag="amount_off"):
    """立减: ``amount`` off the lines in scope, at most what they cost."""

    amount: int

    def __post_init__(self) -> None:
        _within("amount", self.amount, 0)


class FullReduction(Effect, frozen=True, kw_only=True, tag="full_reduction"):
    """满减: the amount of the highest of ``steps`` (from, amount) reached; ``every``: of the one step, each time."""

    steps: tuple[tuple[int, int], ...]
    by: Literal["amount", "pieces"] = "amount"
    every: bool = False

    def __post_init__(self) -> None:
        _rising(self.steps)
        if self.every and len(self.steps) > 1:
            raise invalid_argument("steps", "every=True repeats one step; give exactly one.")
        for _, amount in self.steps:
            _within("steps", amount, 0)


class PointsOff(Effect, frozen=True, kw_only=True, tag="points_off"):
    """积分抵现: up to ``points`` pay ``worth`` each, at most ``rate`` of what the lines in scope cost."""

    points: int
    worth: int = 1
    rate: int = WHOLE

    def __post_init__(self) -> None:
        _within("points", self.points, 0)
        _within("worth", self.worth, 1)
        _within("rate", self.rate, 0, WHOLE)


class FreeShipping(Effect, frozen=True, kw_only=True, tag="free_shipping"):
    """包邮: the shipping fee, up to the rule's ``most_off``."""


def _rising(steps: tuple[tuple[int, int], ...]) -> None:
    if not steps:
        raise invalid_argument("steps", "steps is empty; give at least one (from, off).")
    reached = [at for at, _ in steps]
    _within("steps", reached[0], 1)
    if any(one >= other for one, other in pairwise(reached)):
        raise invalid_argument("steps", f"steps={reached} must rise from one to the next.")


AnyEffect = (
    LimitedTimePrice | FlashPrice | MemberPrice | Bundle | BuyGet | Exchange | GiftOf | Percent | FullDiscount
    | AmountOff | FullReduction | PointsOff | FreeShipping
)  # fmt: skip

# What is applied first. Rates come before amounts, so that an amount off is worth what it says.
STAGES: tuple[tuple[type[Effect], ...], ...] = (
    (LimitedTimePrice, FlashPrice, MemberPrice),
    (Bundle, BuyGet, Exchange, GiftOf),
    (Percent, FullDiscount),
    (AmountOff, FullReduction),
    (FreeShipping,),
    (PointsOff,),
)


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of these products or below these categories (none named: all), without those excluded."""

    products: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    without_products: tuple[str, ...] = ()
    without_categories: tuple[tuple[str, ...], ...] = ()

    def holds(self, line: Line) -> bool:
        """Whether ``line`` is in scope."""
        if line.product_id in self.without_products or _below(line.category, self.without_categories):
            return False
        everything = not self.products and not self.categories
        return everything or line.product_id in self.products or _below(line.category, self.categories)


def _below(category: tuple[str, ...], tops: tuple[tuple[str, ...], ...]) -> bool:
    return any(category[: len(top)] == top for top in tops)


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines in scope must reach together: exactly reaching it is enough."""

    amount: int = 0
    pieces: int = 0

    def __post_init__(self) -> None:
        _within("amount", self.amount, 0)
        _within("pieces", self.pieces, 0)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one rule. A coupon is a rule whose template somebody holds.

    ``starts`` and ``ends`` are instants (microseconds), the end not included; ``channels``, ``stores`` and ``tiers``
    name those it is for (none named: all). Of a ``group`` at most one rule is used; an ``exclusive`` rule is used
    alone. Within a stage a lower ``priority`` is applied first. ``most_off`` caps the discount and ``most_times``
    how often an effect repeats in one order (pieces at a special price, sets, 每满); an order is one use all the same.
    """

    rule_id: str
    effect: AnyEffect
    version: int = 1
    scope: Scope = Scope()
    threshold: Threshold = Threshold()
    measured_at: MeasuredAt = "deal"
    channels: tuple[str, ...] = ()
    without_channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    starts: int | None = None
    ends: int | None = None
    currency: str = "CNY"
    group: str = ""
    exclusive: bool = False
    priority: int = 100
    most_off: int | None = None
    most_times: int | None = None
    on_return: OnReturn = "full"

    def __post_init__(self) -> None:
        if self.most_off is not None:
            _within("most_off", self.most_off, 0)
            if isinstance(self.effect, (*STAGES[0], GiftOf)):
                raise invalid_argument("most_off", "most_off does not go with special prices and gifts.")
        if self.most_times is not None:
            _within("most_times", self.most_times, 1)

    @property
    def stage(self) -> int:
        """Where among the stages its effect is applied."""
        return next(number for number, kinds in enumerate(STAGES) if isinstance(self.effect, kinds))

    @property
    def order(self) -> tuple[int, int, str]:
        """Rules are applied in this order."""
        return self.stage, self.priority, self.rule_id

    def conflicts(self, other: Rule) -> bool:
        """Whether no order uses both."""
        return self.exclusive or other.exclusive or (self.group != "" and self.group == other.group)

    def lines_of(self, cart: Cart) -> tuple[int, ...]:
        """Positions in ``cart.lines`` of the lines in scope."""
        return tuple(i for i, line in enumerate(cart.lines) if self.scope.holds(line))
