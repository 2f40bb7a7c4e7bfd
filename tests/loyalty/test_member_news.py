"""What a customer has to be told reaches, by webhook, whoever writes to customers: once, with what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy, cart, club
from tests.loyalty.test_coupon_news import told
from tests.loyalty.test_membership import card, plan

from wotu.core.settings import Settings
from wotu.loyalty.membership import services, upkeep
from wotu.loyalty.programme import expiry_notices
from wotu.outbox.models import WebhookEndpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listening(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")
    WebhookEndpoint.objects.create(url="https://shop.example.com/", events=[], secret="s", created_at=NOW)


def test_a_renewal_and_that_it_was_stopped_are_told() -> None:
    plan(months=1, renews=True)
    buy("o1", 7, card())
    for _ in range(2):
        upkeep.notify_renewals(NOW + timedelta(days=26))
        services.set_renews(7, "plus", renews=False, now=NOW + timedelta(days=27))
    assert [(event, data) for event, _key, data in told()] == [
        ("Membership Renewal Due", {"customer": "c7", "plan": "plus", "name": "PLUS", "renews_on": "2026-04-01",
                                    "price": "120.00", "currency": "CNY"}),
        ("Membership Renewal Changed", {"customer": "c7", "plan": "plus", "renews": False}),
    ]  # fmt: skip


def test_points_that_end_are_told() -> None:
    club(expiry="days", expiry_count=30)
    buy("o1", 7, cart(("tea", 1, 10_000)))
    for _ in range(2):
        expiry_notices.notify_expiring(NOW + timedelta(days=10))
    ((event, _key, data),) = told()
    assert (event, data) == (
        "Points Expiring", {"customer": "c7", "programme": "club", "points": 100, "last_day": "2026-03-30"}
    )  # fmt: skip
