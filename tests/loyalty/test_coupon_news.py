"""Programs outside are told of coupons once, in the transaction that gave them or made them void, and no code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wotu.core.errors import WotuError
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import draft_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.models import Coupon, CouponTemplate
from wotu.outbox.models import WebhookEndpoint, Work

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def kind() -> int:
    """A kind of coupon of a live campaign: one a person, two in all."""
    draft = Draft("Spring", "Ten off", {"effect": {"type": "amount_off", "amount": 1_000}},
                  {"type": "days", "days": 7}, budget=50_000, total=2)  # fmt: skip
    number = draft_services.write_draft("spring", draft, currency="CNY", by="ann", now=NOW)
    campaign_services.launch(number, by="ann", now=NOW)
    return CouponTemplate.objects.get().pk


@pytest.fixture
def endpoint() -> int:
    """Somebody who wants to know everything of coupons."""
    events = ["Coupon Issued", "Coupon Voided"]
    return WebhookEndpoint.objects.create(
        url="https://shop.example.com/", events=events, secret="s", created_at=NOW
    ).pk  # fmt: skip


def told() -> list[tuple[str, str, dict[str, Any]]]:
    rows = Work.objects.filter(task="outbox.webhook").order_by("pk")
    return [(row.payload["event"], row.payload["id"], row.payload["data"]) for row in rows]


def test_who_gets_a_coupon_and_whose_is_made_void_is_told_once(kind: int, endpoint: int) -> None:
    for _ in range(2):
        coupon = coupon_services.issue(kind, 42, key="birthday", now=NOW, zone=ZONE).coupon
    about = {
        "coupon": coupon, "coupon_template": kind, "name": "Ten off", "campaign": "spring", "customer": "c42",
        "starts_at": "2026-03-01T12:00:00+00:00", "ends_at": "2026-03-07T16:00:00+00:00",
    }  # fmt: skip
    assert told() == [("Coupon Issued", f"coupon-issued:{coupon}", about)]
    for _ in range(2):
        coupon_services.void(coupon, now=NOW)
    assert told()[1:] == [("Coupon Voided", f"coupon-voided:{coupon}", about)]


def test_a_code_is_told_of_when_somebody_claims_it_without_the_code(kind: int, endpoint: int) -> None:
    coupon_services.make_codes(kind, 1, name="Flyers", by="ann", now=NOW, zone=ZONE)
    assert told() == []
    code = Coupon.objects.values_list("code", flat=True).get()
    assert code is not None
    for _ in range(2):
        coupon_services.claim(code, 7, now=NOW, zone=ZONE)
    ((event, _, data),) = told()
    assert (event, data["customer"], data["ends_at"]) == ("Coupon Issued", "c7", "2026-03-07T16:00:00+00:00")
    assert code not in str(data)


def test_what_is_refused_is_not_told(kind: int, endpoint: int) -> None:
    coupon_services.issue(kind, 42, key="a", now=NOW, zone=ZONE)
    with pytest.raises(WotuError):
        coupon_services.issue(kind, 42, key="b", now=NOW + timedelta(hours=1), zone=ZONE)
    with pytest.raises(WotuError):
        coupon_services.void(999, now=NOW)
    assert len(told()) == 1


def test_nothing_is_queued_where_nobody_asked(kind: int) -> None:
    coupon_services.issue(kind, 42, key="a", now=NOW, zone=ZONE)
    assert Work.objects.count() == 0
