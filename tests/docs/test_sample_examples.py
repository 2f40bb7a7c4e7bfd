"""The examples of the how-tos about samples and contests, run as they stand."""

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
from wotu.ledger.proof import differences  # noqa: E402

PAGES = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture(autouse=True)
def _shop(settings: Any, db: None) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def test_samples_go_as_the_how_to_says() -> None:
    def buy(order: str, customer: int, product: str, *, at: datetime) -> None:
        clubs.buy(order, customer, clubs.cart((product, 1, 1_000)), at=at)

    assert run(PAGES / "give-samples-and-follow-up.md", {"buy": buy}) > 10
    assert differences() == ()


def test_a_contest_goes_as_the_how_to_says() -> None:
    clubs.club()

    def buy(order: str, customer: int, price: int, *, at: datetime) -> None:
        clubs.buy(order, customer, clubs.cart(("tea", 1, price)), at=at)

    assert run(PAGES / "run-a-contest.md", {"buy": buy}) > 10
    assert differences() == ()
