"""A programme to test with, an order paid in it, and what a customer has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wotu.ledger import reads
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules, create_programme
from wotu.loyalty.programme.tiers import Level, TierRules

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
TIERS = TierRules(levels=(Level(key="silver", at=100), Level(key="gold", at=300)), months=12)
# A point a yuan, twice as many for gold; growth value a yuan; 2 points a check-in, 10 more on the seventh day.
EARN = (
    EarnRule(rule_id="base", points=1, per=100, by_tier={"gold": 200}),
    EarnRule(rule_id="grow", points=1, per=100, unit="growth"),
    EarnRule(rule_id="daily", points=2, event="Check-in"),
    EarnRule(rule_id="seventh", points=10, event="Check-in", where={"day_of_seven": 7}),
)
RULES = Rules(earn=EARN, tiers=TIERS)


def club(rules: Rules = RULES, **terms: Any) -> int:
    """The programme ``club``."""
    given = {"zone": "Asia/Shanghai", "by": "ann", "now": NOW - timedelta(days=400), **terms}
    return create_programme("Club", rules, **given)


def cart(*lines: tuple[str, int, int], currency: str = "CNY") -> Cart:
    """A cart of (line id, pieces, unit price)."""
    made = tuple(
        Line(line_id=name, product_id=name, quantity=pieces, unit_price=price) for name, pieces, price in lines
    )
    return Cart(lines=made, now=int(NOW.timestamp() * 1_000_000), currency=currency)


def buy(order: str, customer: int, wanted: Cart, *, at: datetime = NOW, **options: Any) -> None:
    """Hold and pay an order."""
    given = {"until": at + timedelta(minutes=15), "now": at, "zone": ZONE, **options}
    order_services.hold(order, customer, wanted, **given)
    order_services.pay(order, now=at)


def has(customer: int, unit: str = "points") -> int:
    """What a customer's postings in a unit sum to."""
    return sum(each.net for each in reads.balances(customer) if each.unit.code == unit)
