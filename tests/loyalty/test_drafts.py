"""Drafts change as a whole, launched campaigns only where nobody was promised otherwise; coupons are told by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import draft_services
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.coupons.reads import CouponCounts
from wotu.loyalty.models import Campaign, Coupon, CouponTemplate
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line
from wotu.loyalty.refusals import CouponRefusal

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")
DRAFT = Draft(
    "Spring", "Ten off", {"effect": {"type": "amount_off", "amount": 1_000}}, {"type": "days", "days": 7},
    budget=50_000, total=10,
)  # fmt: skip


def written(draft: Draft = DRAFT, *, live: bool = False) -> tuple[Campaign, CouponTemplate]:
    number = draft_services.write_draft("spring", draft, currency="CNY", by="ann", now=NOW)
    if live:
        campaign_services.launch(number, by="ann", now=NOW)
    return Campaign.objects.get(pk=number), CouponTemplate.objects.get(campaign=number)


def issue(kind: CouponTemplate, customer: int, now: datetime = NOW) -> int:
    return coupon_services.issue(kind.pk, customer, key=f"to:{customer}", now=now, zone=ZONE).coupon


def test_a_draft_is_written_and_rewritten_as_a_whole() -> None:
    row, kind = written()
    changed = Draft(
        "Summer", "Fifth off", {"effect": {"type": "percent", "rate": 2_000}}, {"type": "dates"}, budget=None,
        starts_at=NOW + DAY, ends_at=NOW + 9 * DAY, total=25, per_customer=2, per_day=5, shared_code="sun-2026",
    )  # fmt: skip
    draft_services.rewrite(kind.pk, changed, now=NOW)

    row.refresh_from_db()
    assert (row.name, row.budget, row.starts_at, row.ends_at) == ("Summer", None, NOW + DAY, NOW + 9 * DAY)
    (found,) = coupon_reads.templates(row.pk, now=NOW)
    assert (found.name, found.total, found.left, found.per_customer, found.per_day, found.shared_code) == (
        "Fifth off", 25, 25, 2, 5, "SUN2026",
    )  # fmt: skip
    assert (found.version, found.rule, found.term) == (2, dict(changed.rule), dict(changed.term))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": " "}, "name"), ({"budget": -1}, "budget"), ({"total": -1}, "amount"), ({"total": 0}, None),
     ({"ends_at": NOW - DAY, "starts_at": NOW}, "ends_at"), ({"rule": {"effect": {"type": "x"}}}, "rule"),
     ({"shared_code": "--"}, "shared_code")],
)  # fmt: skip
def test_what_cannot_be_leaves_the_draft_as_it_was(wrong: dict[str, Any], field: str | None) -> None:
    row, kind = written()
    before = (campaign_reads.campaign("spring"), coupon_reads.templates(row.pk, now=NOW))
    with pytest.raises(WotuError) as refusal:
        draft_services.rewrite(kind.pk, replace(DRAFT, **wrong), now=NOW)
    assert field is None or refusal.value.field in (field, "total")
    assert (campaign_reads.campaign("spring"), coupon_reads.templates(row.pk, now=NOW)) == before


def test_the_budget_of_a_live_campaign_grows_and_shrinks_but_never_below_what_is_used() -> None:
    row, kind = written(live=True)
    coupon = issue(kind, 7)
    cart = Cart(lines=(Line(line_id="1", product_id="p", quantity=1, unit_price=5_000),), now=0)
    order_services.hold("o-1", 7, cart, picks=[coupon], until=NOW + DAY, now=NOW, zone=ZONE)
    order_services.pay("o-1", now=NOW)

    for budget in (80_000, 1_000):
        draft_services.rewrite(kind.pk, replace(DRAFT, budget=budget), now=NOW + timedelta(seconds=budget))
        found = campaign_reads.campaign("spring").budget
        assert found is not None
        assert (found.total, found.used, found.left) == (budget, 1_000, budget - 1_000)
    for budget in (999, None):
        with pytest.raises(WotuError):
            draft_services.rewrite(kind.pk, replace(DRAFT, budget=budget), now=NOW)
    assert limit_services.room(Campaign.objects.get(pk=row.pk).budget_account or 0).limit == 1_000


def test_what_is_settled_with_the_launch_stays() -> None:
    _, kind = written(replace(DRAFT, shared_code="ABC"), live=True)
    same = replace(DRAFT, shared_code="ABC")
    for changed in ({"starts_at": NOW + DAY}, {"shared_code": "XYZ"}, {"shared_code": None}):
        with pytest.raises(WotuError) as refusal:
            draft_services.rewrite(kind.pk, replace(same, **changed), now=NOW)
        assert refusal.value.code is ErrorCode.INVALID_ARGUMENT
    draft_services.rewrite(kind.pk, replace(same, name="Renamed", ends_at=NOW + 3 * DAY), now=NOW)
    assert campaign_reads.campaign("spring").name == "Renamed"
    campaign_services.end(Campaign.objects.get().pk)
    with pytest.raises(WotuError):
        draft_services.rewrite(kind.pk, same, now=NOW)
    assert campaign_reads.campaign("spring").name == "Renamed"


def test_a_total_that_comes_later_counts_what_is_out() -> None:
    row, kind = written(replace(DRAFT, total=None, per_customer=None), live=True)
    for customer in (1, 2, 3):
        issue(kind, customer)
    with pytest.raises(WotuError):
        draft_services.rewrite(kind.pk, replace(DRAFT, total=2, per_customer=None), now=NOW)
    assert coupon_reads.templates(row.pk, now=NOW)[0].total is None

    draft_services.rewrite(kind.pk, replace(DRAFT, total=4, per_customer=None), now=NOW)
    kind.refresh_from_db()
    issue(kind, 4)
    with pytest.raises(WotuError) as refusal:
        issue(kind, 5)
    assert refusal.value.given["refusal"] == "none_left"

    draft_services.rewrite(kind.pk, replace(DRAFT, total=None, per_customer=None), now=NOW + DAY)
    kind.refresh_from_db()
    issue(kind, 5, NOW + DAY)
    draft_services.rewrite(kind.pk, replace(DRAFT, total=6, per_customer=None), now=NOW + 2 * DAY)
    assert coupon_reads.templates(row.pk, now=NOW)[0].left == 1
    assert Coupon.objects.count() == 5


def test_an_approval_is_asked_for_once_and_waits_no_more_after_the_launch() -> None:
    row, _ = written()
    campaign_services.ask_to_launch(row.pk, by="ann", now=NOW)
    campaign_services.ask_to_launch(row.pk, by="bob", now=NOW + DAY)
    (waiting,) = campaign_reads.waiting()
    assert (waiting.code, waiting.asked_by, waiting.asked_at) == ("spring", "ann", NOW)
    campaign_services.launch(row.pk, by="owner", now=NOW + DAY)
    assert campaign_reads.waiting() == ()
    with pytest.raises(WotuError):
        campaign_services.ask_to_launch(row.pk, by="ann", now=NOW)


def test_coupons_are_counted_listed_and_explained_by_the_state_they_are_in_now() -> None:
    row, kind = written(live=True)
    ready, held, used, void = (issue(kind, customer) for customer in (1, 2, 3, 4))
    cart = Cart(lines=(Line(line_id="1", product_id="p", quantity=1, unit_price=5_000),), now=0)
    for coupon, customer, order in ((held, 2, "o-2"), (used, 3, "o-3")):
        order_services.hold(order, customer, cart, picks=[coupon], until=NOW + DAY, now=NOW, zone=ZONE)
    order_services.pay("o-3", now=NOW)
    coupon_services.void(void, now=NOW)

    def told(now: datetime) -> dict[str, list[int]]:
        return {
            state: [each.number for each in coupon_reads.every_coupon(row.pk, now=now, state=state)]
            for state in coupon_reads.STATES
        }

    expected = {"issued": [ready], "held": [held], "redeemed": [used], "expired": [], "voided": [void]}
    assert told(NOW) == expected
    assert coupon_reads.counts([row.pk], now=NOW) == {row.pk: CouponCounts(4, 1, 1, 1, 0, 1)}
    reasons = {coupon: coupon_reads.why_not(coupon, now=NOW) for coupon in (ready, held, used, void)}
    assert reasons == {
        ready: None, held: CouponRefusal.HELD_ELSEWHERE, used: CouponRefusal.ALREADY_USED, void: CouponRefusal.VOID,
    }  # fmt: skip

    # A hold whose time is over holds nothing, though no clock came by; nor does what has ended last.
    assert told(NOW + 2 * DAY) == expected | {"issued": [held, ready], "held": []}
    assert told(NOW + 8 * DAY) == expected | {"expired": [held, ready], "issued": [], "held": []}
    assert coupon_reads.why_not(ready, now=NOW + 8 * DAY) is CouponRefusal.EXPIRED
    campaign_services.pause(row.pk)
    assert coupon_reads.why_not(ready, now=NOW) is CouponRefusal.NOT_RUNNING
    assert coupon_reads.kinds_to_give(now=NOW) == ()


def test_a_month_has_what_runs_in_it() -> None:
    def made(code: str, starts: datetime | None, ends: datetime | None, *, live: bool = True) -> None:
        draft = replace(DRAFT, starts_at=starts, ends_at=ends)
        number = draft_services.write_draft(code, draft, currency="CNY", by="ann", now=NOW)
        if live:
            campaign_services.launch(number, by="ann", now=NOW)

    made("before", NOW - 60 * DAY, NOW - 30 * DAY)
    made("into", NOW - 60 * DAY, NOW + DAY)
    made("endless", None, None)
    made("draft", NOW + 2 * DAY, None, live=False)
    made("undated-draft", None, None, live=False)
    made("after", NOW + 40 * DAY, NOW + 50 * DAY)
    found = campaign_reads.campaigns_between(NOW - DAY, NOW + 30 * DAY)
    assert [each.code for each in found] == ["into", "endless", "draft"]
