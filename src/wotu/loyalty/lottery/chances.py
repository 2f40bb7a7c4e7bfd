"""What earns a chance to draw: a visit, a paid order, a recharge, a share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from wotu.core.errors import invalid_argument
from wotu.core.money import LARGEST_MINOR

VISIT, ORDER, RECHARGE, SHARE = "visit", "order", "recharge", "share"
MOST_CHANCES = 1_000
MOST_OF_ONE = 1_000_000
"""How many chances, or wins, a cap may leave to one person."""
_LONGEST_RULE, _MOST_RULES = 40, 20
# Outside links that reward sharing are stopped by WeChat: a share counts where it was made in a program of one's own.
SHARE_CHANNELS = ("mini_program", "app")


class ChanceRule(msgspec.Struct, frozen=True, kw_only=True):
    """So many ``chances`` for each deed of a kind; ``visit`` counts once a day, and ``given`` is by hand.

    ``at_least`` is minor units that an order or recharge must come to; ``paid_with`` a way of payment and ``template``
    a kind of coupon that the order was paid with. ``most_per_day`` and ``most`` are chances of one customer.
    """

    rule_id: str
    by: Literal["visit", "order", "recharge", "share", "given"]
    chances: int = 1
    at_least: int = 0
    paid_with: str = ""
    template: int | None = None
    most_per_day: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Deed:
    """What a customer did: paid ``amount`` minor units of ``currency``, how, and with which kinds of coupons."""

    by: str
    currency: str = ""
    amount: int = 0
    paid_with: str = ""
    templates: frozenset[int] = frozenset()
    channel: str = ""


def earned(rule: ChanceRule, done: Deed, *, currency: str) -> int:
    """How many chances a deed earns by a rule of a lottery in ``currency``, before any cap.

    >>> rule = ChanceRule(rule_id="order", by="order", at_least=9_900, paid_with="wechat")
    >>> earned(rule, Deed(by="order", currency="CNY", amount=9_900, paid_with="wechat"), currency="CNY")
    1
    >>> earned(rule, Deed(by="order", currency="CNY", amount=9_899, paid_with="wechat"), currency="CNY")
    0
    """
    met = rule.by == done.by
    if rule.by in (ORDER, RECHARGE) and rule.at_least:
        met = met and done.currency == currency and done.amount >= rule.at_least
    if rule.paid_with:
        met = met and done.paid_with.casefold() == rule.paid_with.casefold()
    if rule.template is not None:
        met = met and rule.template in done.templates
    if rule.by == SHARE:
        met = met and done.channel in SHARE_CHANNELS
    return rule.chances if met else 0


def most_of_one_deed(rules: Iterable[ChanceRule], most: int | None) -> int:
    """How many chances one order, or one recharge, may earn at most: by all its rules, within all caps.

    >>> once, twice = (ChanceRule(rule_id=str(each), by="order", chances=each) for each in (1, 2))
    >>> most_of_one_deed((once, twice), None)
    3
    """
    of_kind = {ORDER: 0, RECHARGE: 0}
    for rule in rules:
        if rule.by in of_kind:
            of_kind[rule.by] += min(cap for cap in (rule.chances, rule.most_per_day, rule.most) if cap is not None)
    found = max(of_kind.values())
    return found if most is None else min(found, most)


def within(chances: int, caps: Iterable[tuple[int, int]]) -> int:
    """How many of ``chances`` are left by ``caps``: (the most there may be, how many there have been).

    >>> within(3, [(4, 2), (10, 1)])
    2
    """
    return max(0, min([chances, *(most - so_far for most, so_far in caps)]))


def check_rules(rules: Sequence[ChanceRule]) -> None:
    """Raise unless the rules are told apart and ask for what can be."""
    ids = [rule.rule_id for rule in rules]
    if len(set(ids)) < len(ids) or not all(0 < len(each) <= _LONGEST_RULE and "\x00" not in each for each in ids):
        raise invalid_argument("chances", "Each chance rule needs an id of its own, of 1 to 40 characters.")
    if len(rules) > _MOST_RULES:
        raise invalid_argument("chances", f"A lottery has {_MOST_RULES} chance rules at most.")
    for rule in rules:
        if not 1 <= rule.chances <= MOST_CHANCES:
            raise invalid_argument("chances", f"A rule gives 1 to {MOST_CHANCES:,} chances.")
        if not 0 <= rule.at_least <= LARGEST_MINOR:
            raise invalid_argument("at_least", "at_least must be an amount from 0.")
        if any(cap is not None and not 1 <= cap <= MOST_OF_ONE for cap in (rule.most_per_day, rule.most)):
            raise invalid_argument("most", f"A cap is a whole number from 1 to {MOST_OF_ONE:,}.")
        if rule.by == "given":
            raise invalid_argument("chances", "Chances are given by hand without a rule.")
        if len(rule.paid_with) > _LONGEST_RULE or "\x00" in rule.paid_with:
            raise invalid_argument("paid_with", f"paid_with must have {_LONGEST_RULE} characters at most.")
        if rule.by != ORDER and (rule.paid_with or rule.template is not None):
            raise invalid_argument("paid_with", "Only an order can be paid with something.")
