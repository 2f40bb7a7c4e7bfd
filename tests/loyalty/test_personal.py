"""What a person may ask for: everything loyalty holds about them, and that nothing names them any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connection

from wotu.ledger.proof import differences
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import personal
from wotu.loyalty.models import Coupon
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
RULE = {"effect": {"type": "amount_off", "amount": 100}}
CUSTOMER, ORDER = 987_654, "order-of-a-person"


@pytest.fixture
def bought(db: None) -> None:
    """A customer with a used coupon, a free one, a held one, and a return."""
    campaign = campaign_services.create_campaign("c", "C", by="ann", now=NOW, budget=10_000)
    campaign_services.launch(campaign, by="ann", now=NOW)
    template = coupon_services.create_template(campaign, "T", RULE, {"type": "dates"}, now=NOW, total=9, per_customer=5)
    numbers = [
        coupon_services.issue(template, CUSTOMER, key=f"{CUSTOMER}:{turn}", now=NOW, zone=ZONE).coupon
        for turn in range(3)
    ]
    cart = Cart(lines=(Line(line_id="1", product_id="tea", quantity=2, unit_price=500),), now=0)
    given = {"until": NOW + timedelta(minutes=5), "now": NOW, "zone": ZONE}
    order_services.hold(ORDER, CUSTOMER, cart, picks=numbers[:1], **given)  # type: ignore[arg-type]
    order_services.pay(ORDER, now=NOW)
    order_services.give_back(ORDER, f"refund of {ORDER}", {"1": 1}, now=NOW)
    order_services.hold(f"{ORDER} 2", CUSTOMER, cart, picks=numbers[1:2], **given)  # type: ignore[arg-type]


def _texts() -> str:
    """Every value of every row of the two rooms."""
    found = []
    with connection.cursor() as cursor:
        for label in ("ledger", "loyalty"):
            for model in apps.get_app_config(label).get_models():
                cursor.execute(f"SELECT * FROM {model._meta.db_table}")
                found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_everything_is_told(bought: None) -> None:
    told = personal.value_of([f"c{CUSTOMER}"])

    assert [each["order_id"] for each in told["orders"]] == [ORDER, f"{ORDER} 2"]
    assert [each["state"] for each in told["coupons"]] == ["redeemed", "held", "issued"]
    assert [each["refund_id"] for each in told["returns"]] == [f"refund of {ORDER}"]


def test_nothing_names_an_erased_person_and_every_sum_is_right(bought: None) -> None:
    assert str(CUSTOMER) in _texts()
    assert ORDER in _texts()

    assert personal.forget([f"c{CUSTOMER}"]) > 0

    assert str(CUSTOMER) not in _texts()
    assert ORDER not in _texts()
    assert personal.value_of([f"c{CUSTOMER}"])["orders"] == []
    assert personal.with_rows({CUSTOMER}) == set()
    assert not Coupon.objects.filter(state="issued").exists()
    assert differences() == ()


def test_every_table_that_names_a_customer_is_followed_when_they_are_merged_or_erased() -> None:
    naming = {
        model.__name__ for model in apps.get_app_config("loyalty").get_models()
        if any(field.name == "customer" for field in model._meta.get_fields())
    }  # fmt: skip
    assert naming == {rows.__name__ for rows in personal._NAMING}
