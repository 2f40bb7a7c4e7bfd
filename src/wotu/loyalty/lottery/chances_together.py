"""Chances that many new orders earn, each what it would earn alone: in order, within what earlier ones left of caps.

What the caps have counted is locked and read in one go, and what is earned is granted in a few statements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from wotu.ledger.bulk_services import NewGrant, grant_each
from wotu.loyalty import allowances
from wotu.loyalty.lottery.chance_services import cause_of, deed_of, earns, event_of, running, scopes_of, today
from wotu.loyalty.lottery.chances import ORDER, ChanceRule, earned, within
from wotu.loyalty.lottery.models import Lottery
from wotu.loyalty.lottery.services import chance_unit, rules_of
from wotu.loyalty.models import Order
from wotu.loyalty.pricing import Quote


@dataclass(frozen=True)
class PaidWith:
    """A new order that was paid at a moment, and how."""

    order: Order
    priced: Quote
    at: datetime
    paid_with: str = ""


@dataclass(frozen=True)
class _Earned:
    """``count`` chances by a rule, before the caps; ``scopes`` are what counts them, by the most there may be."""

    row: Lottery
    rule: ChanceRule
    paid: PaidWith
    count: int
    scopes: dict[str, int]


def earn_together(paid: Iterable[PaidWith]) -> None:
    """Grant what new orders earn in every lottery, within the caller's transaction."""
    rules = [(row, rule) for row in running() for rule in rules_of(row) if rule.by == ORDER]
    found = [each for one in paid for each in _earned(rules, one)] if rules else []
    used = allowances.lock_many({scope: each.paid.order.customer for each in found for scope in each.scopes})
    counted, grants = Counter[str](), list[NewGrant]()
    for each in found:
        count = within(each.count, [(most, used[scope] + counted[scope]) for scope, most in each.scopes.items()])
        if count:
            counted.update(dict.fromkeys(each.scopes, count))
            grants.append(NewGrant(
                cause=cause_of(each.row, each.rule, event_of(each.paid.order)), customer=each.paid.order.customer,
                unit=chance_unit(each.row), amount=count, now=each.paid.at, expires_at=each.row.ends_at,
            ))  # fmt: skip
    if grants:
        grant_each(grants)
        allowances.add_many(counted)


def _earned(rules: Sequence[tuple[Lottery, ChanceRule]], paid: PaidWith) -> Iterator[_Earned]:
    done = deed_of(paid.priced, paid.paid_with)
    for row, rule in rules:
        if earns(row, paid.at) and (count := earned(rule, done, currency=row.currency)):
            yield _Earned(row, rule, paid, count, scopes_of(row, rule, paid.order.customer, today(paid.at)))
