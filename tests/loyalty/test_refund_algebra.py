"""effects(order) + effects(its returns) = effects(the remaining order), whatever happens in between.

The referee is closed: a point for each whole yuan still paid (two for gold), growth value likewise, five points for
an order of which at least 20.00 is left, and a coupon that is back exactly when its order is given back.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.loyalty.clubs import EARN, TIERS, ZONE, cart, club

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import due_services, reads
from wotu.ledger.models import Lot
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.choices import CouponState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Coupon, OrderEarning, PromotionUse
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.check_in_services import check_in
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.promotions.services import Terms, create_promotion

BEGIN = datetime(2026, 3, 7, 20, tzinfo=UTC)  # in New York, half a day before the clocks go forward
FIVE = EarnRule(rule_id="five", points=5, least=2_000)
LINES = {"tea": (2, 3_333), "cup": (1, 1_999), "pot": (3, 4_001)}
STEPS = st.sampled_from([timedelta(minutes=1), timedelta(hours=9), timedelta(days=1), timedelta(days=31)])


class Value(RuleBasedStateMachine):
    """Customers 7 and 8, who may turn out to be one."""

    @initialize(worth=st.sampled_from([1, 3]), expiry=st.sampled_from(["never", "days"]), wait=st.sampled_from([0, 7]),
                promoted=st.booleans())  # fmt: skip
    def begin(self, worth: int, expiry: str, wait: int, promoted: bool) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now, self.customers, self.number = BEGIN, [7, 8], 0
        self.orders: dict[str, int] = {}
        self.left: dict[str, Counter[str]] = {}
        self.coupon_of: dict[str, int] = {}
        self.paid_left: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.came = Counter[int]()
        rules = Rules(earn=(*EARN[:3], FIVE), tiers=TIERS)
        club(rules, zone="America/New_York", point_worth=worth, expiry=expiry, expiry_count=30,
             available_after_days=wait, return_grace_days=5)  # fmt: skip
        made = campaign_services.create_campaign("spring", "Spring", by="ann", now=self.now)
        if promoted:
            every = {"effect": {"type": "full_reduction", "steps": [[5_000, 300]], "every": True}}
            create_promotion(made, Terms("3 off 50", every, per_customer=2), by="ann", now=self.now)
        campaign_services.launch(made, by="ann", now=self.now)
        off = {"effect": {"type": "amount_off", "amount": 1_000}}
        self.template = coupon_services.create_template(
            made, "10 off", off, {"type": "days", "days": 3_000}, now=self.now, per_customer=None
        )

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            assert differences() == ()
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @rule(who=st.integers(0, 1), names=st.sets(st.sampled_from(sorted(LINES)), min_size=1), points=st.integers(0, 60),
          with_coupon=st.booleans(), paid=st.sampled_from([True, True, True, False]))  # fmt: skip
    def order(self, who: int, names: set[str], points: int, with_coupon: bool, paid: bool) -> None:
        self.number += 1
        name, customer = f"o{self.number}", self.customers[who % len(self.customers)]
        wanted = cart(*[(each, *LINES[each]) for each in sorted(names)])
        offers = [programme_services.points_offer(points)] if points else []
        picks = []
        if with_coupon:
            picks = [coupon_services.issue(self.template, customer, key=name, now=self.now, zone=ZONE).coupon]
        try:
            priced = order_services.hold(
                name, customer, wanted, picks=picks, offers=offers, until=self.now + timedelta(minutes=15),
                now=self.now, zone=ZONE,
            )  # fmt: skip
        except WotuError as error:
            if error.code != ErrorCode.INSUFFICIENT_BALANCE:
                raise
            return
        if not paid:
            order_services.release(name, now=self.now)
            return
        order_services.pay(name, now=self.now)
        order_services.pay(name, now=self.now)
        self.orders[name], self.left[name] = customer, Counter({each: LINES[each][0] for each in names})
        self.paid_left[name], self.spent[name] = priced.payable, priced.points
        if picks:
            [self.coupon_of[name]] = picks

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.orders)))
        pieces = {line: data.draw(st.integers(0, count)) for line, count in sorted(self.left[name].items())}
        self.number += 1
        for _ in range(2):
            back = order_services.give_back(name, f"r{self.number}", pieces, now=self.now)
        self.left[name].subtract(pieces)
        self.paid_left[name] -= back.refund.amount
        self.spent[name] -= back.refund.points

    @rule(step=STEPS, due=st.booleans())
    def later(self, step: timedelta, due: bool) -> None:
        self.now += step
        if due:
            due_services.carry_out_due_accounts(now=self.now)

    @rule(who=st.integers(0, 1))
    def come(self, who: int) -> None:
        customer = self.customers[who % len(self.customers)]
        found = check_in(customer, now=self.now)
        self.came[customer] += 0 if found.repeated else found.points

    @precondition(lambda self: len(self.customers) == 2)
    @rule()
    def merge(self) -> None:
        for _ in range(2):
            customer_services.merge_customers(Cause("identity", 1, "change:1", "c8", "merge"), 8, 7, now=self.now)
        self.customers = [7]
        self.orders = dict.fromkeys(self.orders, 7)
        self.came = Counter({7: self.came.total()})

    @invariant()
    def what_is_there_is_what_remains(self) -> None:
        if not hasattr(self, "atomic"):
            return
        for customer in self.customers:
            points = growth = 0
            for name, owner in self.orders.items():
                if owner == customer:
                    points += self._points(name) - self.spent[name]
                    growth += self.paid_left[name] // 100
            assert _net(customer, "points") == points + self.came[customer]
            assert _net(customer, "growth") == growth
        for name, coupon in self.coupon_of.items():
            gone = not +self.left[name]
            assert Coupon.objects.get(pk=coupon).state == (CouponState.ISSUED if gone else CouponState.REDEEMED)
        for use in PromotionUse.objects.filter(order__order_id__in=self.orders).select_related("order"):
            out = +self.left[use.order.order_id]
            assert (use.count, use.cost > 0) == (1 if out else 0, bool(out))

    def _points(self, name: str) -> int:
        earning = OrderEarning.objects.get(order__order_id=name)
        paid = self.paid_left[name]
        return paid * (2 if earning.tier == "gold" else 1) // 100 + (5 if paid >= 2_000 else 0)


def _net(customer: int, unit: str) -> int:
    """What is there and what ran out unspent."""
    there = sum(each.net for each in reads.balances(customer) if each.unit.code == unit)
    lots = Lot.objects.filter(account__owner=customer, account__owner_kind="customer", account__unit=unit)
    return there + (lots.aggregate(sum=Sum("expired"))["sum"] or 0)


@pytest.mark.django_db
def test_effects_of_an_order_and_its_returns_are_those_of_what_remains() -> None:
    few = settings(max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Value, settings=few)
