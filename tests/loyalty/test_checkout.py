"""A shop's checkout: a price is held with its coupons, points and budget, then paid, let go, or given back in parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services, services
from wotu.ledger.choices import Owner, Purpose, UnitKind
from wotu.ledger.models import Account
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.choices import CouponState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.models import Campaign, Coupon, Order
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import AmountOff, Cart, Line, PointsOff, Rule

from . import clubs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
ZONE = ZoneInfo("Asia/Shanghai")
TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 5_000}}
WEEK = {"type": "days", "days": 7}
MICROS = int(NOW.timestamp() * 1_000_000)


def cart(price: int = 3_000, quantity: int = 2) -> Cart:
    return Cart(lines=(Line(line_id="1", product_id="tea", quantity=quantity, unit_price=price),), now=MICROS)


@pytest.fixture
def campaign(db: None) -> int:
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW, budget=2_500)
    campaign_services.launch(made, by="ann", now=NOW)
    return made


@pytest.fixture
def template(campaign: int) -> int:
    return coupon_services.create_template(campaign, "10 off 50", TEN_OFF, WEEK, now=NOW, total=3, per_customer=2)


def issue(template: int, customer: int = 7, key: str = "k") -> int:
    return coupon_services.issue(template, customer, key=key, now=NOW, zone=ZONE).coupon


def hold(order: str, coupon: int, *, customer: int = 7, at: datetime = NOW, **options: object):
    given = {"until": at + timedelta(minutes=15), "now": at, "zone": ZONE, **options}
    return order_services.hold(order, customer, cart(), picks=[coupon], **given)  # type: ignore[arg-type]


def state(coupon: int) -> str:
    return Coupon.objects.values_list("state", flat=True).get(pk=coupon)


def budget(campaign: int) -> limit_services.Room:
    return limit_services.room(Campaign.objects.get(pk=campaign).budget_account or 0)


def refusal(error: pytest.ExceptionInfo[WotuError]) -> object:
    return error.value.given.get("refusal")


@pytest.fixture(autouse=True)
def _agrees(db: None):
    yield
    assert differences() == ()


def test_an_order_is_held_paid_and_given_back(campaign: int, template: int) -> None:
    coupon = issue(template)

    assert hold("o1", coupon).payable == 5_000
    assert (state(coupon), budget(campaign).held) == (CouponState.HELD, 1_000)
    order_services.pay("o1", now=NOW)
    order_services.pay("o1", now=NOW)
    assert (state(coupon), budget(campaign).used) == (CouponState.REDEEMED, 1_000)

    half = order_services.give_back("o1", "r1", {"1": 1}, now=NOW)
    assert (half.refund.amount, budget(campaign).used, state(coupon)) == (2_500, 500, CouponState.REDEEMED)
    rest = order_services.give_back("o1", "r2", {"1": 1}, now=NOW)
    again = order_services.give_back("o1", "r2", {"1": 1}, now=NOW)
    assert (rest.refund.amount, again.repeated, again.refund) == (2_500, True, rest.refund)
    assert (state(coupon), budget(campaign).used) == (CouponState.ISSUED, 0)


def test_pitfall_04_an_order_that_failed_can_be_tried_again_at_once(template: int) -> None:
    coupon = issue(template)
    hold("o1", coupon)
    hold("o1", coupon)
    with pytest.raises(WotuError) as refused:
        hold("o2", coupon)
    assert refusal(refused) == "held_elsewhere"

    order_services.release("o1", now=NOW)
    hold("o2", coupon)

    assert Coupon.objects.get(pk=coupon).order_id == "o2"


def test_pitfall_04_a_hold_dies_by_itself(template: int, campaign: int) -> None:
    coupon = issue(template)
    hold("o1", coupon)

    hold("o2", coupon, at=SOON)
    with pytest.raises(WotuError):
        order_services.pay("o1", now=SOON)

    assert Order.objects.get(order_id="o1").paid_at is None
    order_services.pay("o2", now=SOON)
    assert budget(campaign).used == 1_000


def test_a_payment_that_comes_late_counts_while_nobody_else_has_taken_it(template: int, campaign: int) -> None:
    coupon = issue(template)
    hold("o1", coupon)

    order_services.pay("o1", now=NOW + timedelta(hours=2))

    assert (state(coupon), budget(campaign).used) == (CouponState.REDEEMED, 1_000)


def test_pitfall_06_a_cancelled_order_does_not_count_towards_the_customers_limit(template: int) -> None:
    first, second = issue(template, key="a"), issue(template, key="b")
    with pytest.raises(WotuError) as refused:
        issue(template, key="c")
    assert refusal(refused) == "customer_limit"
    hold("o1", first)
    order_services.pay("o1", now=NOW)
    order_services.give_back("o1", "r1", {"1": 2}, now=NOW)

    hold("o2", first)
    order_services.pay("o2", now=NOW)

    assert (state(first), state(second)) == (CouponState.REDEEMED, CouponState.ISSUED)


def test_pitfall_09_the_budget_refuses_the_order_and_nothing_of_it_is_held(campaign: int, template: int) -> None:
    coupons = [issue(template, customer, key=str(customer)) for customer in (1, 2, 3)]
    for number, coupon in enumerate(coupons[:2]):
        hold(f"o{number}", coupon, customer=number + 1)

    with pytest.raises(WotuError) as refused:
        hold("o3", coupons[2], customer=3)

    assert refused.value.code == ErrorCode.LIMIT_REACHED
    assert state(coupons[2]) == CouponState.ISSUED
    assert not Order.objects.filter(order_id="o3").exists()


def test_pitfall_09_every_code_that_is_refused_has_its_reason(campaign: int, template: int) -> None:
    expired = issue(template)
    later = NOW + timedelta(days=8)
    priced = order_services.quote(7, cart(), picks=[expired, "NOSUCHCODE", 999], now=later, zone=ZONE)

    assert {pick: error.given["refusal"] for pick, error in priced.refused.items()} == {
        expired: "expired", "NOSUCHCODE": "unknown_code", 999: "unknown_code",
    }  # fmt: skip


def test_pitfall_10_applying_the_same_coupon_again_is_one_use(template: int) -> None:
    coupon = issue(template)
    given = {"until": SOON, "now": NOW, "zone": ZONE}
    priced = order_services.hold("o1", 7, cart(), picks=[coupon, coupon], **given)  # type: ignore[arg-type]

    assert priced.discount == 1_000


def test_pitfall_40_no_more_are_issued_than_there_are_and_a_double_tap_issues_one(template: int) -> None:
    first = coupon_services.issue(template, 1, key="tap", now=NOW, zone=ZONE)
    again = coupon_services.issue(template, 1, key="tap", now=NOW, zone=ZONE)
    assert (again.coupon, again.repeated) == (first.coupon, True)
    for customer in (2, 3):
        issue(template, customer, key=str(customer))

    with pytest.raises(WotuError) as refused:
        issue(template, 4, key="4")

    assert refusal(refused) == "none_left"
    assert Coupon.objects.filter(template=template).count() == 3


def test_pitfall_44_a_batch_stops_at_the_total(template: int) -> None:
    issue(template)
    with pytest.raises(WotuError) as refused:
        coupon_services.make_codes(template, 3, name="flyer", by="ann", now=NOW, zone=ZONE)
    assert refusal(refused) == "none_left"
    coupon_services.make_codes(template, 2, name="flyer", by="ann", now=NOW, zone=ZONE)

    assert Coupon.objects.filter(batch__name="flyer").count() == 2
    assert not Coupon.objects.filter(batch__name="flyer", ends_at__isnull=False).exists()


def test_a_code_is_claimed_once_and_tells_nobody_whose_it_is(template: int) -> None:
    coupon_services.make_codes(template, 1, name="flyer", by="ann", now=NOW, zone=ZONE)
    code = Coupon.objects.get(batch__name="flyer").code or ""

    mine = coupon_services.claim(code.lower(), 7, now=NOW, zone=ZONE)
    assert coupon_services.claim(code, 7, now=NOW, zone=ZONE).repeated
    answers = []
    for guess, customer in ((code, 8), ("ABCDEFGH234567", 8)):
        with pytest.raises(WotuError) as refused:
            coupon_services.claim(guess, customer, now=NOW, zone=ZONE)
        answers.append(refused.value.to_dict())

    assert answers[0] == answers[1]
    assert Coupon.objects.get(pk=mine.coupon).ends_at == datetime(2026, 3, 7, 16, tzinfo=UTC)


def test_a_shared_code_issues_a_coupon_as_it_is_held(campaign: int) -> None:
    shared = coupon_services.create_template(
        campaign, "Welcome", TEN_OFF, WEEK, now=NOW, total=1, per_customer=1, shared_code="welcome"
    )
    given = {"until": SOON, "now": NOW, "zone": ZONE}
    assert order_services.quote(7, cart(), picks=["Welcome"], now=NOW, zone=ZONE).quote.payable == 5_000
    assert not Coupon.objects.filter(template=shared).exists()

    order_services.hold("o1", 7, cart(), picks=["WELCOME"], **given)  # type: ignore[arg-type]
    order_services.hold("o1", 7, cart(), picks=["WELCOME"], **given)  # type: ignore[arg-type]
    with pytest.raises(WotuError) as refused:
        order_services.hold("o2", 8, cart(), picks=["WELCOME"], **given)  # type: ignore[arg-type]

    assert refusal(refused) == "none_left"
    assert Coupon.objects.filter(template=shared).count() == 1


def test_pitfall_17_points_that_paid_come_back_to_their_lots_exactly(campaign: int) -> None:
    services.open_unit("points", UnitKind.POINTS, "Points")
    cause = Cause("club", 1, "order:0", "buyer", "earn")
    services.grant(cause, customer=7, unit="points", amount=2_000, now=NOW)
    points = Offer(Rule(rule_id="points", effect=PointsOff(points=1_500, worth=1)))
    given = {"offers": [points], "until": SOON, "now": NOW, "zone": ZONE}

    priced = order_services.hold("o1", 7, cart(), **given)  # type: ignore[arg-type]
    assert (priced.payable, priced.points) == (4_500, 1_500)
    order_services.pay("o1", now=NOW)
    assert _points() == 500
    order_services.give_back("o1", "r1", {"1": 1}, now=NOW)
    order_services.give_back("o1", "r2", {"1": 1}, now=NOW)

    assert _points() == 2_000


def test_a_coupon_that_takes_nothing_off_is_refused_with_what_is_missing(template: int) -> None:
    coupon = issue(template)
    with pytest.raises(WotuError) as refused:
        order_services.hold("o1", 7, cart(2_000), picks=[coupon], until=SOON, now=NOW, zone=ZONE)

    assert refused.value.given == {"refusal": "below_threshold", "missing": 1_000, "missing_pieces": 0}
    assert state(coupon) == CouponState.ISSUED


def test_a_new_version_leaves_what_was_promised(campaign: int, template: int) -> None:
    coupon = issue(template)
    less = {**TEN_OFF, "effect": {"type": "amount_off", "amount": 1}}
    assert coupon_services.change_template(template, less, WEEK, now=NOW) == 2
    assert coupon_services.change_template(template, less, WEEK, now=NOW) == 2

    assert hold("o1", coupon).payable == 5_000


def test_a_paused_campaign_gives_nothing_new_but_what_is_held_is_paid(campaign: int, template: int) -> None:
    first, second = issue(template, key="a"), issue(template, key="b")
    hold("o1", first)
    campaign_services.pause(campaign)

    order_services.pay("o1", now=NOW)
    with pytest.raises(WotuError) as refused:
        hold("o2", second)
    assert refusal(refused) == "not_running"


def _points() -> int:
    return Account.objects.get(owner=7, owner_kind=Owner.CUSTOMER, purpose=Purpose.MAIN).balance


def test_the_effect_is_read_from_json() -> None:
    rule = coupon_services.rule_of(5, TEN_OFF, template=2)
    assert (rule.rule_id, rule.group, rule.effect) == ("coupon:5", "template:2", AmountOff(amount=1_000))
    with pytest.raises(WotuError) as refused:
        coupon_services.rule_of(5, {"effect": {"type": "magic"}})
    assert refused.value.field == "rule"


def test_a_coupon_for_a_level_is_for_those_who_have_it(campaign: int) -> None:
    clubs.club()
    clubs.buy("before", 7, clubs.cart(("tea", 1, 30_000)))
    rule = {**TEN_OFF, "tiers": ["gold"]}
    kind = coupon_services.create_template(campaign, "For gold", rule, WEEK, now=NOW)
    for customer, discount in ((7, 1_000), (8, 0)):
        coupon = issue(kind, customer, f"k{customer}")
        priced = order_services.quote(customer, cart(), picks=[coupon], now=NOW, zone=ZONE).quote
        assert (priced.discount, priced.cart.tier) == (discount, "gold" if discount else "")
    hold("level", Coupon.objects.get(customer=7, template=kind).pk)
    with pytest.raises(WotuError) as refused:
        hold("none", Coupon.objects.get(customer=8, template=kind).pk, customer=8)
    assert refused.value.given["refusal"] == "wrong_tier"
    assert not Order.objects.filter(order_id="none", state="held").exists()
