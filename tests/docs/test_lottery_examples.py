"""The examples of the how-to about lotteries, run as they stand."""

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

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-lottery.md"


@pytest.mark.django_db
def test_a_lottery_goes_as_the_how_to_says(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")
    clubs.club()

    def buy(order: str, customer: int, price: int, *, at: datetime) -> None:
        clubs.buy(order, customer, clubs.cart(("tea", 1, price)), at=at)

    assert run(PAGE, {"buy": buy, "has": clubs.has}) > 20
