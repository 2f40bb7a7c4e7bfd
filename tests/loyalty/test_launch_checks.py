"""A launch is checked by law and by sense; what stops it stops it wherever it is launched, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.campaigns import launch_checks, launch_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.launch_checks import Check, Deal, Finding, KindForWhom, Unchecked
from wotu.loyalty.coupons import draft_services, wallet
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.membership import plan_services
from wotu.loyalty.models import Campaign, CouponTemplate, Plan, Programme, TemplateVersion
from wotu.loyalty.programme import services as programme_services

TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}}
DRAFT = Draft("Spring", "Ten off", TEN_OFF, {"type": "days", "days": 7}, budget=50_000)
CHOSEN = replace(DRAFT, for_whom="chosen")


def codes(found: Any) -> list[str]:
    return [str(each.code) for each in found]


def written(draft: Draft = DRAFT, code: str = "spring") -> int:
    return draft_services.write_draft(code, draft, currency="CNY", by="ann", now=NOW)


def stopped(error: WotuError) -> tuple[ErrorCode, object, str | None]:
    return error.code, error.given["refusal"], error.field


@given(
    kinds=st.lists(
        st.builds(
            KindForWhom, name=st.just("k"), chosen=st.booleans(), tiers=st.lists(st.sampled_from("abc")).map(tuple),
            reason=st.sampled_from(["", "  ", "Born in May"]),
        ),
        max_size=5,
    ),
    public=st.sets(st.sampled_from("abc")),
)  # fmt: skip
def test_a_price_for_some_has_a_public_reason_or_stops_the_launch(kinds: list[KindForWhom], public: set[str]) -> None:
    found = launch_checks.equal_price(kinds, public)
    wanted = [each for each in kinds if not each.reason.strip() and (each.chosen or not set(each.tiers) <= public)]
    assert len(found) == len(wanted)
    assert all(each.blocks and each.laws for each in found)


@pytest.mark.parametrize(
    ("least", "check"),
    [(7, lambda on, days: launch_checks.points_notice(expires=on, notice_days=days)),
     (5, lambda on, days: launch_checks.renewal_notice(renews=on, notice_days=days))],
)  # fmt: skip
def test_a_notice_is_long_enough_or_stops_the_launch(least: int, check: Any) -> None:
    found = {days: check(True, days) for days in (0, least - 1, least, least + 1)}
    assert [days for days, each in found.items() if each] == [0, least - 1]
    assert all(each.blocks for each in (*found[0], *found[least - 1]))
    assert check(False, 0) == []


@given(st.lists(st.builds(Deal, st.sampled_from("abcdef"), st.integers(0, 99), st.integers(0, 99)), max_size=6))
def test_the_base_of_a_discount_is_a_warning_with_the_number_of_products(deals: list[Deal]) -> None:
    found = launch_checks.price_base(deals, "CNY")
    above = sum(each.listed > each.lowest for each in deals)
    assert [(each.code, each.blocks) for each in found] == [(Check.PRICE_BASE, False)] * bool(above)
    for each in found:
        assert each.said.en.startswith(f"{above} product")
        assert f"有 {above} 件" in each.said.zh


@pytest.mark.parametrize("why", list(Unchecked))
def test_what_cannot_be_checked_says_why(why: Unchecked) -> None:
    (found,) = launch_checks.price_base(why, "CNY")
    assert (found.code, found.blocks) == (Check.PRICE_BASE_UNCHECKED, False)
    assert "because" in found.said.en
    assert "因为" in found.said.zh


def test_every_source_is_told_with_its_number_article_and_date() -> None:
    assert launch_checks.PROMOTION.source.zh == (
        "《规范促销行为暂行规定》（市场监管总局令第32号）第21条，2020-12-01 起施行"
    )
    assert "article 21, in force since 2020-12-01" in launch_checks.PROMOTION.source.en
    assert "article" not in replace(launch_checks.PROMOTION, article=None).source.en


def test_all_that_stops_is_in_the_error_and_what_does_not_is_not() -> None:
    found = [*launch_checks.campaign_sense(gives=False, ends_at=None, now=NOW),
             *launch_checks.renewal_notice(renews=True, notice_days=1),
             *launch_checks.points_notice(expires=True, notice_days=1)]  # fmt: skip
    launch_checks.refuse_blocked(found[:1])
    with pytest.raises(WotuError) as refused:
        launch_checks.refuse_blocked(found)
    assert stopped(refused.value) == (ErrorCode.LAUNCH_REFUSED, "renewal_notice", "notice_days")
    assert [each["code"] for each in refused.value.given["findings"]] == ["renewal_notice", "expiry_notice"]
    assert "article 18" in refused.value.message


@pytest.mark.django_db
def test_a_coupon_for_chosen_customers_waits_for_a_reason_that_they_read(settings: Any) -> None:
    number = written(CHOSEN)
    with pytest.raises(WotuError) as refused:
        campaign_services.launch(number, by="ann", now=NOW)
    assert stopped(refused.value) == (ErrorCode.LAUNCH_REFUSED, "unequal_price", "reason")
    row = Campaign.objects.get()
    assert (row.state, row.launched_at, row.budget_account) == ("draft", None, None)
    kind = CouponTemplate.objects.get()
    draft_services.rewrite(kind.pk, replace(CHOSEN, reason=" Your birthday "), now=NOW)
    campaign_services.launch(number, by="ann", now=NOW)
    coupon_services.issue(kind.pk, 7, key="k", now=NOW, zone=ZONE)
    assert [each.reason for each in wallet.coupons_of(7, NOW)] == ["Your birthday"]


@pytest.mark.django_db
def test_a_campaign_that_runs_is_not_changed_into_what_could_not_be_launched() -> None:
    number = written()
    campaign_services.launch(number, by="ann", now=NOW)
    kind = CouponTemplate.objects.get()
    other = {"effect": {"type": "free_shipping"}}
    for change in (
        lambda: draft_services.rewrite(kind.pk, replace(CHOSEN, name="Other"), now=NOW),
        lambda: coupon_services.change_template(kind.pk, other, DRAFT.term, now=NOW, for_whom="chosen"),
        lambda: coupon_services.change_template(kind.pk, TEN_OFF | {"tiers": ["vip"]}, DRAFT.term, now=NOW),
        lambda: coupon_services.create_template(number, "B", TEN_OFF, DRAFT.term, now=NOW, for_whom="chosen"),
    ):
        with pytest.raises(WotuError) as refused:
            change()
        assert stopped(refused.value) == (ErrorCode.LAUNCH_REFUSED, "unequal_price", "reason")
    kind.refresh_from_db()
    assert (kind.for_whom, Campaign.objects.get().name) == ("everybody", "Spring")
    assert (CouponTemplate.objects.count(), TemplateVersion.objects.count()) == (1, 1)
    assert coupon_services.change_template(kind.pk, other, DRAFT.term, now=NOW, for_whom="chosen", reason="R") == 2


@pytest.mark.django_db
def test_a_level_is_a_reason_where_the_programme_publishes_it() -> None:
    gold = replace(DRAFT, rule=TEN_OFF | {"tiers": ["gold"]})
    number = written(gold)
    assert codes(launch_reads.campaign_findings("spring", now=NOW))[0] == "unequal_price"
    club()
    assert "unequal_price" not in codes(launch_reads.campaign_findings("spring", now=NOW))
    campaign_services.launch(number, by="ann", now=NOW)
    programme_services.set_rules("club", programme_services.Rules(), by="ann", now=NOW)
    written(gold, "autumn")
    assert codes(launch_reads.campaign_findings("autumn", now=NOW))[0] == "unequal_price"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"), [({"for_whom": "friends"}, "for_whom"), ({"reason": "r" * 201}, "reason"),
                         ({"reason": "\x00"}, "reason")]
)  # fmt: skip
def test_for_whom_is_one_of_two_and_a_reason_is_short(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(WotuError) as refused:
        written(replace(DRAFT, **wrong))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Campaign.objects.exists()


@pytest.mark.django_db
def test_the_last_seven_days_tell_the_base_of_a_discount() -> None:
    written(replace(DRAFT, rule=TEN_OFF | {"scope": {"products": ["tea", "pot"]}}))
    assert codes(launch_reads.campaign_findings("spring", now=NOW)) == ["price_base_unchecked"]
    half = campaign_services.create_campaign("half", "Half", by="ann", now=NOW)
    kind = coupon_services.create_template(
        half, "Half", {"effect": {"type": "percent", "rate": 5_000}}, {"type": "dates"}, now=NOW, per_customer=9
    )
    campaign_services.launch(half, by="ann", now=NOW - timedelta(days=20))
    mine = [coupon_services.issue(kind, 7, key=str(n), now=NOW, zone=ZONE).coupon for n in range(2)]
    buy("long-ago", 7, cart(("pot", 1, 900)), at=NOW - timedelta(days=8), picks=mine[:1])
    buy("cheap", 7, cart(("tea", 3, 1_000), ("cup", 1, 5_000)), at=NOW - timedelta(days=6), picks=mine[1:])
    buy("dear", 8, cart(("tea", 1, 1_000), ("pot", 1, 900)), at=NOW - timedelta(days=1))
    (found,) = launch_reads.campaign_findings("spring", now=NOW)
    assert found.code == Check.PRICE_BASE
    assert found.said.en.startswith("1 product is listed above its")
    assert "(tea at 10.00, sold for 5.00 CNY)" in found.said.en
    assert launch_reads.campaign_findings("spring", now=NOW + timedelta(days=3)) == ()


@pytest.mark.django_db
def test_points_pay_and_take_nothing_off_the_base() -> None:
    club(point_worth=1)
    buy("earn", 7, cart(("cup", 1, 100_000)), at=NOW - timedelta(days=30))
    offer = programme_services.points_offer(500)
    buy("points", 7, cart(("tea", 1, 1_000)), at=NOW - timedelta(days=1), offers=[offer])
    written(replace(DRAFT, rule=TEN_OFF | {"scope": {"products": ["tea"]}}))
    assert launch_reads.campaign_findings("spring", now=NOW) == ()


@pytest.mark.django_db
def test_too_many_sales_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch_reads, "_MOST_ORDERS", 1)
    written()
    for number in range(2):
        buy(f"o{number}", 7, cart(("tea", 1, 1_000)), at=NOW - timedelta(days=1))
    (found,) = launch_reads.campaign_findings("spring", now=NOW)
    assert (found.code, found.said) == (Check.PRICE_BASE_UNCHECKED, _said(Unchecked.TOO_MANY_SALES))


@pytest.mark.django_db
def test_sense_warns_and_stops_nothing() -> None:
    number = campaign_services.create_campaign("bare", "Bare", by="ann", now=NOW, ends_at=NOW)
    assert codes(launch_reads.campaign_findings("bare", now=NOW)) == ["no_coupons", "over_already"]
    campaign_services.launch(number, by="ann", now=NOW)
    with pytest.raises(WotuError) as refused:
        launch_reads.campaign_findings("none", now=NOW)
    assert refused.value.code == ErrorCode.NOT_FOUND


@pytest.mark.django_db
def test_points_that_end_need_a_notice() -> None:
    with pytest.raises(WotuError) as refused:
        club(expiry="year_end", notice_days=6)
    assert stopped(refused.value) == (ErrorCode.LAUNCH_REFUSED, "expiry_notice", "notice_days")
    assert not Programme.objects.exists()
    club(notice_days=0)
    with pytest.raises(WotuError):
        programme_services.set_terms("club", expiry="days", expiry_count=30)
    assert Programme.objects.get().expiry == "never"
    assert programme_services.set_terms("club", expiry="days", expiry_count=30, notice_days=7)


@pytest.mark.django_db
def test_a_plan_that_renews_needs_its_notice_also_when_it_is_offered_again() -> None:
    values: dict[str, Any] = {"code": "plus", "product_id": "p", "price": 1, "months": 1, "by": "ann", "now": NOW}
    with pytest.raises(WotuError) as refused:
        plan_services.create_plan("PLUS", renews=True, notice_days=4, **values)
    assert stopped(refused.value) == (ErrorCode.LAUNCH_REFUSED, "renewal_notice", "notice_days")
    assert not Plan.objects.exists()
    plan_services.create_plan("PLUS", renews=True, notice_days=5, **values)
    plan_services.offer_plan("plus", offered=False)
    Plan.objects.update(notice_days=3)
    with pytest.raises(WotuError):
        plan_services.offer_plan("plus", offered=True)
    assert not Plan.objects.get().offered


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(8))
def test_a_launch_and_a_change_at_one_moment_do_not_let_through_what_each_would_refuse(turn: int) -> None:
    number = written()
    kind, together = CouponTemplate.objects.get().pk, Barrier(2)

    def at_once(act: Callable[[], object]) -> str:
        try:
            together.wait(60)
            act()
        except WotuError as error:
            return error.code.value
        else:
            return "done"
        finally:
            connection.close()

    acts = (
        lambda: campaign_services.launch(number, by="ann", now=NOW),
        lambda: coupon_services.change_template(kind, TEN_OFF, DRAFT.term, now=NOW, for_whom="chosen"),
    )
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(at_once, acts))
    assert sorted(done) == ["done", "launch_refused"]
    row = CouponTemplate.objects.select_related("campaign").get()
    assert (row.campaign.state, row.for_whom) in {("live", "everybody"), ("draft", "chosen")}


def _said(why: Unchecked) -> object:
    found: list[Finding] = launch_checks.price_base(why, "CNY")
    return found[0].said
