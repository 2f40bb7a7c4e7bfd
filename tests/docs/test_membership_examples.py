"""The examples of the how-to about memberships, run as they stand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.site import configure

configure()

from tests.docs.test_points_examples import run  # noqa: E402
from tests.loyalty import clubs  # noqa: E402

from wotu.core.settings import Settings  # noqa: E402
from wotu.loyalty.orders import services as order_services  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "sell-a-membership.md"


@pytest.mark.django_db
def test_selling_a_membership_goes_as_the_how_to_says(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")

    def buy(order: str, customer: int, product: str, price: int, *, at: datetime) -> None:
        clubs.buy(order, customer, clubs.cart((product, 1, price)), at=at)

    def quote(customer: int, product: str, price: int) -> int:
        wanted = clubs.cart((product, 1, price))
        return order_services.quote(customer, wanted, now=clubs.NOW, zone=clubs.ZONE).quote.payable

    def give_back(order: str, *, at: datetime) -> None:
        order_services.give_back(order, "r1", {"plus-card": 1}, now=at)

    assert run(PAGE, {"buy": buy, "quote": quote, "give_back": give_back}) > 15
