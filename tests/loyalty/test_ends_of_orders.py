"""Every way an order ends, two workers on one, a person with two numbers, a posting that fails, a return long after."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has
from tests.loyalty.together import together, why

from wotu.core.errors import WotuError
from wotu.ledger import due_services, limit_services, reads, statements
from wotu.ledger.models import Lot, Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Campaign, Coupon, Order, OrderReturn
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.programme import services as programme_services

TEAS = cart(("tea", 2, 3_000))
TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 5_000}}
SOON = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _agrees(db: None):
    yield
    assert differences() == ()


def coupons(**terms: object) -> int:
    """A kind of coupon of a campaign that runs on a budget."""
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW, budget=10**9)
    campaign_services.launch(made, by="ann", now=NOW)
    return coupon_services.create_template(made, "10 off 50", TEN_OFF, {"type": "days", "days": 7}, now=NOW, **terms)


def hold(order: str, customer: int, *picks: object, now: datetime = NOW, **options: object) -> object:
    given = {"until": now + SOON, "now": now, "zone": ZONE, **options}
    return order_services.hold(order, customer, TEAS, picks=list(picks), **given)  # type: ignore[arg-type]


def budget(now: datetime) -> limit_services.Room:
    return limit_services.room(Campaign.objects.get().budget_account or 0, now=now)


@pytest.mark.django_db(transaction=True)
def test_pitfall_03_two_workers_that_complete_one_order_redeem_once() -> None:
    club()
    coupon = coupon_services.issue(coupons(), 7, key="k", now=NOW, zone=ZONE).coupon
    hold("o1", 7, coupon)

    told = together(lambda _: order_services.pay("o1", now=NOW), 8)

    assert told == ["done"] * 8
    assert (Coupon.objects.get().state, budget(NOW).used, has(7)) == (CouponState.REDEEMED, 1_000, 50)
    assert (Order.objects.count(), OrderReturn.objects.count()) == (1, 0)


def test_pitfall_05_whatever_became_of_an_order_that_ended_holds_nothing() -> None:
    club()
    buy("start", 7, cart(("pot", 1, 10_000_000)))
    kind, ended = coupons(per_customer=None), 0
    for number, path in enumerate(product(("hold", "pay", "release", "return", "later"), repeat=3)):
        start = NOW + timedelta(hours=2 * number)
        coupon = coupon_services.issue(kind, 7, key=str(number), now=start, zone=ZONE).coupon
        now = walk(f"o{number}", coupon, ("hold", *path), start)
        row = Order.objects.get(order_id=f"o{number}")
        if row.state == OrderState.HELD and now < row.held_until:
            order_services.release(row.order_id, now=now)
        else:
            ended += 1

        due_services.carry_out_due(7, now=now)
        assert coupon_reads.coupon(coupon, now=now).state != "held", path
        assert budget(now).held == 0, path
        assert sum(each.held for each in reads.balances(7)) == 0, path
    assert ended > 60


def walk(order: str, coupon: int, path: tuple[str, ...], now: datetime) -> datetime:
    """Do it all, what is refused too; when it ends."""
    for step in path:
        now += timedelta(minutes=20 if step == "later" else 1)
        try:
            if step == "hold":
                hold(order, 7, coupon, now=now, offers=[programme_services.points_offer(5)])
            elif step == "pay":
                order_services.pay(order, now=now)
            elif step == "release":
                order_services.release(order, now=now)
            elif step == "return":
                order_services.give_back(order, "r", {"tea": 2}, now=now)
        except WotuError:
            pass
    return now


def test_pitfall_08_a_cap_binds_the_person_whatever_number_they_come_with() -> None:
    coupons(per_customer=1, shared_code="spring")
    hold("o1", 7, "spring")
    order_services.pay("o1", now=NOW)
    hold("o2", 8, "spring")
    order_services.pay("o2", now=NOW)

    customer_services.merge_customers(Cause("identity", 1, "merge", "c8", "merge"), 8, 7, now=NOW)

    assert why(lambda: hold("o3", 7, "spring")) == "customer_limit"
    assert not Order.objects.filter(order_id="o3").exists()
    assert budget(NOW).used == 2_000


def test_pitfall_38_points_become_free_with_their_posting_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    club(available_after_days=7)
    buy("o1", 7, TEAS)
    post, later = statements.post, NOW + timedelta(days=8)
    known = Transfer.objects.count()

    def fails(*_: object) -> None:
        raise RuntimeError("no postings today")

    monkeypatch.setattr(statements, "post", fails)
    with pytest.raises(RuntimeError):
        due_services.carry_out_due(7, now=later)
    assert (free(), Transfer.objects.count()) == (0, known)
    assert Lot.objects.filter(available_at__isnull=False).count() == 1

    monkeypatch.setattr(statements, "post", post)
    due_services.carry_out_due(7, now=later)
    assert free() == 60


def free() -> int:
    return next(each.free for each in reads.balances(7) if each.unit.code == "points")


@pytest.mark.parametrize("days", [0, 10, 400])
def test_pitfall_42_a_return_reverses_everything_whenever_it_comes(days: int) -> None:
    club(available_after_days=7)
    coupon = coupon_services.issue(coupons(), 7, key="k", now=NOW, zone=ZONE).coupon
    hold("o1", 7, coupon)
    order_services.pay("o1", now=NOW)
    later = NOW + timedelta(days=days)
    due_services.carry_out_due(7, now=later)
    assert (has(7), has(7, "growth"), budget(NOW).used) == (50, 50, 1_000)

    order_services.give_back("o1", "r1", {"tea": 2}, now=later)

    assert (has(7), has(7, "growth"), budget(NOW).used) == (0, 0, 0)
