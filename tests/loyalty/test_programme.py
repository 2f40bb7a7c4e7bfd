"""A points programme: orders earn and returns reverse, levels follow, terms and rules have versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from tests.loyalty.clubs import EARN, NOW, RULES, TIERS, ZONE, buy, cart, club, has

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import due_services, reads
from wotu.ledger.proof import differences
from wotu.loyalty import allowances
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import Allowance, BadgeAward, Enrolment, MallRedemption, Order, OrderEarning, ProgrammeVersion
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.programme import badge_services, mall_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tier_reads import tier_of

TWO_TEAS = (("tea", 2, 5_050),)


@pytest.fixture(autouse=True)
def _agrees(db: None):
    yield
    assert differences() == ()


def back(order: str, refund: str, *, at: datetime = NOW, **pieces: int) -> None:
    order_services.give_back(order, refund, pieces, now=at)


def test_pitfall_16_buy_earn_return_and_again_leaves_nothing() -> None:
    club()
    for turn in range(3):
        buy(f"o{turn}", 7, cart(*TWO_TEAS))
        assert (has(7), has(7, "growth")) == (101, 101)
        back(f"o{turn}", "r", tea=2)
        back(f"o{turn}", "r", tea=2)
        assert (has(7), has(7, "growth")) == (0, 0)


def test_pitfall_17_an_order_paid_in_points_gives_them_back_and_takes_its_own() -> None:
    club(return_grace_days=7)
    buy("o1", 7, cart(("pot", 1, 100_000)))
    assert has(7) == 1_000
    buy("o2", 7, cart(("tea", 2, 500)), offers=[programme_services.points_offer(600)])
    assert has(7) == 1_000 - 600 + 4 * 2

    back("o2", "r1", tea=1)
    back("o2", "r2", tea=1)

    assert has(7) == 1_000


def test_pitfall_18_partial_returns_sum_to_the_whole() -> None:
    club(Rules(earn=(EarnRule(rule_id="base", points=1, per=100),)))
    buy("o1", 7, cart(("tea", 3, 3_333)))
    assert has(7) == 99
    left = []
    for turn in range(3):
        back("o1", f"r{turn}", tea=1)
        left.append(has(7))
    assert left == [66, 33, 0]


def test_pitfall_19_spent_then_returned_is_owed_and_the_next_order_repays() -> None:
    club(Rules(earn=EARN[:1]))
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 900, now=NOW)
    mall_services.redeem_item(item, 7, key="k", now=NOW, zone=ZONE)
    back("o1", "r1", pot=1)
    assert has(7) == -900

    buy("o2", 7, cart(("pot", 1, 100_000)))

    assert [(each.free, each.owed) for each in reads.balances(7)] == [(100, 0)]


def test_pitfall_20_every_term_changes_what_happens() -> None:
    club(available_after_days=7, expiry="days", expiry_count=30)
    buy("o1", 7, cart(*TWO_TEAS))
    [lot] = reads.lots(7, "points")
    assert (lot.waits, lot.available_at) == (True, datetime(2026, 3, 7, 16, tzinfo=UTC))
    assert lot.expires_at == datetime(2026, 4, 6, 16, tzinfo=UTC)
    assert programme_services.set_terms("club", available_after_days=0, expiry="year_end", expiry_count=12)
    assert not programme_services.set_terms("club", expiry="year_end")
    buy("o2", 7, cart(*TWO_TEAS))

    assert [each.expires_at for each in reads.lots(7, "points")] == [
        datetime(2027, 12, 31, 16, tzinfo=UTC), datetime(2026, 4, 6, 16, tzinfo=UTC),
    ]  # fmt: skip
    due_services.carry_out_due(7, now=datetime(2026, 4, 6, 15, 59, tzinfo=UTC))
    assert has(7) == 202
    due_services.carry_out_due(7, now=datetime(2026, 4, 6, 16, tzinfo=UTC))
    assert (has(7), has(7, "growth")) == (101, 202)


def test_pitfall_21_one_level_at_any_instant_and_points_by_hand_do_not_move_it() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 29_999)))
    assert (tier_of(7, now=NOW).level, tier_of(7, now=NOW).missing) == ("silver", 1)
    buy("o2", 7, cart(("tea", 1, 100)))
    assert tier_of(7, now=NOW).level == "gold"
    buy("o3", 7, cart(("tea", 1, 100)))
    assert OrderEarning.objects.get(order__order_id="o3").earned["base"]["points"] == 2

    back("o1", "r", pot=1)

    assert (tier_of(7, now=NOW).level, has(7)) == ("", 1 + 2)


@pytest.mark.parametrize(("paid", "level"), [(29_999, "silver"), (30_000, "gold"), (30_100, "gold")])
def test_pitfall_52_the_exact_threshold_qualifies_in_a_programme(paid: int, level: str) -> None:
    club()
    buy("o1", 7, cart(("pot", 1, paid)))
    assert tier_of(7, now=NOW).level == level


def test_a_level_by_hand_wins_over_a_lower_one_for_its_days() -> None:
    club()
    day = date(2026, 3, 1)
    programme_services.set_level(7, "gold", first_day=day, last_day=day, now=NOW)
    assert (tier_of(7, now=NOW).level, tier_of(7, now=NOW).by_hand) == ("gold", True)
    assert tier_of(7, now=NOW + timedelta(days=1)).level == ""
    with pytest.raises(WotuError) as refused:
        programme_services.set_level(7, "diamond", first_day=day, now=NOW)
    assert refused.value.field == "level"


def test_levels_by_hand_are_taken_back_but_for_those_that_are_over() -> None:
    club()
    day = date(2026, 3, 1)
    assert not programme_services.withdraw_level(7, now=NOW)
    for first, last in (
        (day - timedelta(days=9), day - timedelta(days=1)),
        (day, None),
        (day + timedelta(days=9), None),
    ):
        assert programme_services.set_level(7, "gold", first_day=first, last_day=last, now=NOW)
    assert not programme_services.set_level(7, "gold", first_day=day, now=NOW)
    buy("o1", 7, cart(("pot", 1, 10_000)))
    assert programme_services.withdraw_level(7, now=NOW)
    assert not programme_services.withdraw_level(7, now=NOW)
    assert (tier_of(7, now=NOW).level, len(Enrolment.objects.get().manual)) == ("silver", 1)


def test_a_customer_has_so_many_levels_by_hand_at_most() -> None:
    club()
    for number in range(100):
        programme_services.set_level(7, "gold", first_day=date(2026, 3, 1) + timedelta(days=number), now=NOW)
    with pytest.raises(WotuError) as refused:
        programme_services.set_level(7, "gold", first_day=date(2027, 3, 1), now=NOW)
    assert (refused.value.field, len(Enrolment.objects.get().manual)) == ("level", 100)


def test_the_same_rules_are_no_new_version_and_an_order_keeps_the_ones_it_was_paid_under() -> None:
    club(Rules(earn=EARN[:1], tiers=TIERS))
    assert programme_services.set_rules("club", Rules(earn=EARN[:1], tiers=TIERS), by="ann", now=NOW) == 1
    buy("o1", 7, cart(*TWO_TEAS))
    ten = msgspec.structs.replace(EARN[0], points=10)
    assert programme_services.set_rules("club", Rules(earn=(ten,), tiers=TIERS), by="ann", now=NOW) == 2

    back("o1", "r1", tea=1)
    assert has(7) == 50
    buy("o2", 7, cart(*TWO_TEAS))
    assert has(7) == 50 + 1_010
    assert ProgrammeVersion.objects.count() == 2


def test_caps_of_the_day_are_spent_and_given_back() -> None:
    capped = EarnRule(rule_id="base", points=1, per=100, most_per_day=150, most_per_month=220)
    club(Rules(earn=(capped,)))
    buy("o1", 7, cart(*TWO_TEAS))
    buy("o2", 7, cart(*TWO_TEAS))
    buy("o3", 7, cart(*TWO_TEAS))
    assert has(7) == 150
    buy("o4", 7, cart(*TWO_TEAS), at=NOW + timedelta(days=1))
    assert has(7) == 220
    back("o2", "r1", tea=1)
    # What remains of the order would earn 50, and it had earned 49.
    assert has(7) == 220
    back("o2", "r2", tea=1)
    assert has(7) == 220 - 49

    buy("o5", 7, cart(*TWO_TEAS), at=NOW + timedelta(days=1))

    assert has(7) == 220
    assert sorted(Allowance.objects.values_list("used", flat=True)) == [101, 119, 220]


def test_a_merged_customer_brings_what_caps_had_counted() -> None:
    assert allowances.spend("earn:1:base:day:2026-03-01:customer:8", 5, count=2, customer=8)
    assert allowances.spend("earn:1:base:day:2026-03-01:customer:7", 5, count=3, customer=7)
    allowances.merge(8, 7)
    assert not allowances.spend("earn:1:base:day:2026-03-01:customer:7", 5, customer=7)
    assert Allowance.objects.count() == 1


def test_who_joins_by_hand_earns_from_then_on() -> None:
    club(joining="by_hand")
    buy("o1", 7, cart(*TWO_TEAS))
    assert has(7) == 0
    assert programme_services.enrol(7, now=NOW + timedelta(hours=1))
    assert not programme_services.enrol(7, now=NOW + timedelta(hours=2))
    buy("o2", 7, cart(*TWO_TEAS))
    buy("o3", 7, cart(*TWO_TEAS), at=NOW + timedelta(hours=1))
    assert has(7) == 101


def test_a_programme_that_rests_gives_nothing_and_still_takes_back() -> None:
    club()
    buy("o1", 7, cart(*TWO_TEAS))
    programme_services.set_terms("club", state="paused")
    buy("o2", 7, cart(*TWO_TEAS))
    assert has(7) == 101
    back("o1", "r", tea=2)
    assert has(7) == 0


@pytest.mark.parametrize(
    ("terms", "field"),
    [({"zone": "Nowhere/At all"}, "zone"), ({"zone": "America"}, "zone"), ({"day_starts_at": 24}, "day_starts_at"),
     ({"expiry": "days"}, "expiry_count"), ({"point_worth": 0}, "point_worth"),
     ({"state": "odd"}, "state"), ({"code": "other"}, "code"), ({"most_share": 10_001}, "most_share")],
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused(terms: dict[str, object], field: str) -> None:
    club()
    with pytest.raises(WotuError) as refused:
        programme_services.set_terms("club", **terms)
    assert refused.value.field == field


def test_pitfall_45_an_item_is_had_if_and_only_if_its_points_are_spent() -> None:
    club()
    buy("o1", 7, cart(*TWO_TEAS))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=2)
    first = mall_services.redeem_item(item, 7, key="a", now=NOW, zone=ZONE)
    again = mall_services.redeem_item(item, 7, key="a", now=NOW, zone=ZONE)
    assert (again.redemption, again.repeated, has(7)) == (first.redemption, True, 41)
    with pytest.raises(WotuError) as refused:
        mall_services.redeem_item(item, 7, key="b", now=NOW, zone=ZONE)
    assert (refused.value.code, has(7)) == (ErrorCode.INSUFFICIENT_BALANCE, 41)
    assert MallRedemption.objects.count() == 1

    assert mall_services.cancel_redemption(first.redemption, now=NOW)
    assert not mall_services.cancel_redemption(first.redemption, now=NOW)
    assert has(7) == 101


def test_the_last_piece_goes_to_one_and_a_person_takes_as_many_as_one_may() -> None:
    club()
    for customer in (7, 8):
        buy(f"o{customer}", customer, cart(("pot", 1, 90_000)))
    last = mall_services.create_item("Mug", 60, now=NOW, stock=1)
    mall_services.redeem_item(last, 7, key="a", now=NOW, zone=ZONE)
    with pytest.raises(WotuError) as refused:
        mall_services.redeem_item(last, 8, key="b", now=NOW, zone=ZONE)
    assert (refused.value.code, has(8)) == (ErrorCode.LIMIT_REACHED, 900)
    once = mall_services.create_item("Pen", 10, now=NOW, per_customer=1)
    mall_services.redeem_item(once, 8, key="c", now=NOW, zone=ZONE)
    with pytest.raises(WotuError) as refused:
        mall_services.redeem_item(once, 8, key="d", now=NOW, zone=ZONE)
    assert (refused.value.code, has(8)) == (ErrorCode.LIMIT_REACHED, 890)


def test_a_coupon_for_points_is_issued_and_void_when_it_is_given_back(template: int) -> None:
    club()
    buy("o1", 7, cart(*TWO_TEAS))
    item = mall_services.create_item("10 off", 100, now=NOW, template=template)
    taken = mall_services.redeem_item(item, 7, key="a", now=NOW, zone=ZONE)
    assert taken.coupon is not None
    mall_services.cancel_redemption(taken.redemption, now=NOW)
    with pytest.raises(WotuError) as refused:
        order_services.hold("o2", 7, cart(*TWO_TEAS), picks=[taken.coupon], until=NOW + timedelta(hours=1), now=NOW,
                            zone=ZONE)  # fmt: skip
    assert (refused.value.given["refusal"], has(7)) == ("void", 101)


def test_badges_come_by_level_and_go_with_what_they_stood_for() -> None:
    club()
    badge_services.create_badge("Regular", "orders", [1, 2], code="regular")
    badge_services.create_badge("Patron", "spent", [15_000], code="patron")
    buy("o1", 7, cart(*TWO_TEAS))
    buy("o2", 7, cart(*TWO_TEAS))
    assert _badges(7) == [("patron", 1), ("regular", 1), ("regular", 2)]
    back("o2", "r", tea=1)
    assert _badges(7) == [("patron", 1), ("regular", 1), ("regular", 2)]
    back("o2", "r2", tea=1)
    assert _badges(7) == [("regular", 1)]
    buy("o3", 7, cart(*TWO_TEAS))
    assert _badges(7) == [("patron", 1), ("regular", 1), ("regular", 2)]


def test_an_order_that_fails_to_be_paid_earns_nothing() -> None:
    club()
    with pytest.raises(WotuError):
        order_services.pay("unknown", now=NOW)
    assert (Order.objects.count(), OrderEarning.objects.count()) == (0, 0)
    assert RULES.earn[0].rule_id == "base"


@pytest.fixture
def template(db: None) -> int:
    from wotu.loyalty.campaigns import services as campaign_services

    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    campaign_services.launch(made, by="ann", now=NOW)
    rule = {"effect": {"type": "amount_off", "amount": 1_000}}
    return coupon_services.create_template(made, "10 off", rule, {"type": "days", "days": 7}, now=NOW)


def _badges(customer: int) -> list[tuple[str, int]]:
    rows = BadgeAward.objects.filter(customer=customer, withdrawn_at=None)
    return sorted(rows.values_list("badge__code", "level"))
