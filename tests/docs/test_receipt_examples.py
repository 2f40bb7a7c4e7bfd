"""The examples of the how-to about receipts, run as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.console.site import configure

configure()

from tests.docs.test_points_examples import run  # noqa: E402
from tests.loyalty.pictures import png  # noqa: E402

from wotu.core.settings import Settings  # noqa: E402
from wotu.ledger.proof import differences  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "pay-cash-back-for-receipts.md"


@pytest.mark.django_db
def test_cash_back_for_receipts_goes_as_the_how_to_says(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")
    assert run(PAGE, {"photo": png("a photo")}) > 15
    assert differences() == ()
