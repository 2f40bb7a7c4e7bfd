"""The demo's club and campaigns: the year's orders earn as live ones do, and the real coupons are told of.

The terms of the club are ours, the orders and coupons those of the data. Django has been set up.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from wotu.cli.journey_campaigns import JourneyCampaign, read_campaigns
from wotu.loyalty.coupons import past_campaigns
from wotu.loyalty.coupons.past_campaigns import PastCoupon
from wotu.loyalty.programme import badge_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tiers import Level, TierRules
from wotu.outbox.following import Following, position, wanted_followers

if TYPE_CHECKING:
    from wotu.workspace import Workspace

Progress = Callable[[str, int, int], None]
BY, CURRENCY, ZONE = "demo", "USD", "America/New_York"
# Nobody else uses the control database meanwhile: larger pages than a worker's.
_PAGE = 4_000
_DAY = timedelta(days=1)
_BEGIN = datetime(2016, 11, 1, tzinfo=UTC)
# A point and a growth value a dollar; more points for higher levels, which are for good: the data are old.
RULES = Rules(
    earn=(
        EarnRule(rule_id="base", points=1, per=100, by_tier={"silver": 120, "gold": 150}),
        EarnRule(rule_id="growth", points=1, per=100, unit="growth"),
    ),
    tiers=TierRules(levels=(Level(key="member", at=1), Level(key="silver", at=1_000), Level(key="gold", at=3_000))),
)


def set_up(workspace: Workspace, data: Path, households: pa.Array | None, now: datetime) -> int:
    """The club and every campaign of the data, unless they are there; how many coupons were used."""
    if not any(row.code == programme_services.CLUB for row in programme_services.live_programmes()):
        programme_services.create_programme(
            "Journey club", RULES, zone=ZONE, currency=CURRENCY, by=BY, now=_BEGIN, point_worth=1
        )
        badge_services.create_badge("Regular", "orders", [10, 50, 100], code="regular")
    used = 0
    for each in read_campaigns(data, households):
        coupons = list(_coupons(workspace, each))
        used += sum(coupon.used_at is not None for coupon in coupons)
        past_campaigns.import_past_campaign(
            f"campaign-{each.number}", f"Campaign {each.number} ({each.kind})", kind="Coupons of a booklet, on average",
            currency=CURRENCY, starts_at=_at(each.first_day), ends_at=_at(each.last_day + _DAY), rule=_rule(each),
            term={"type": "dates", "first_day": str(each.first_day), "last_day": str(each.last_day)}, coupons=coupons,
            by=BY, now=now,
        )  # fmt: skip
    return used


def replay(
    workspace: Workspace, progress: Progress, *, seconds: float | None = None, page: int = _PAGE
) -> bool:  # fmt: skip
    """Let the orders earn on the way that live ones take, for so many seconds at most; whether all of them have."""
    feed, until = workspace.feed(), None if seconds is None else time.monotonic() + seconds
    following = Following(feed, [replace(each, batch=page) for each in wanted_followers()])
    while following.step():
        progress("orders earn points", position("loyalty.orders"), feed.last())
        if until is not None and time.monotonic() >= until:
            break
    return position("loyalty.orders") >= feed.last()


def _coupons(workspace: Workspace, campaign: JourneyCampaign) -> Iterator[PastCoupon]:
    """One of each household that was written to, and one more for each further one that it handed in."""
    handed_in = Counter[int]()
    for each in campaign.redemptions:
        handed_in[each.household] += 1
        yield PastCoupon(
            _customer(workspace, each.household), f"{each.household}:{handed_in[each.household]}",
            used_at=_at(each.day, hour=12), order_id=None if each.basket is None else str(each.basket), cost=each.cost,
        )  # fmt: skip
    for household in campaign.households:
        if not handed_in[household]:
            yield PastCoupon(_customer(workspace, household), f"{household}:1")


def _at(day: date, *, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE))


def _rule(campaign: JourneyCampaign) -> dict[str, object]:
    """What a coupon of the booklet took off on average; the data do not say what each of them promised."""
    known = [each.cost for each in campaign.redemptions if each.cost]
    return {"effect": {"type": "amount_off", "amount": round(sum(known) / len(known)) if known else 100}}


def _customer(workspace: Workspace, household: int) -> int:
    return int(workspace.customer_id(f"user_id:{household}").removeprefix("c"))
