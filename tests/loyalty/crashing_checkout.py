"""A shop that buys and gives back, killed where a test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wotu.site.preparing import setup

PIECES = 5


def look(workspace: Path) -> None:
    """Tell what everything of value is, and how many counters of the ledger differ from its postings."""
    setup(workspace)
    print(json.dumps(_told()))


def buy_and_give_back(workspace: Path) -> None:
    """Hold, pay and give back one order of three pieces, each once however often it is tried; and look."""
    setup(workspace)
    from wotu.loyalty.models import Campaign

    if not Campaign.objects.exists():
        _open_shop()
    _buy_and_give_back()
    look(workspace)


def _open_shop() -> None:
    from django.db import transaction
    from tests.loyalty.clubs import NOW, club

    from wotu.loyalty.campaigns import services as campaign_services
    from wotu.loyalty.coupons import services as coupon_services
    from wotu.loyalty.promotions.services import Slot, Terms, create_promotion

    with transaction.atomic():
        club()
        made = campaign_services.create_campaign("sale", "Sale", by="ann", now=NOW, budget=1_000_000)
        flash = {"effect": {"type": "flash_price", "prices": {"tea": 2_000}}}
        create_promotion(made, Terms("Tea", flash, per_customer=2, slots=[Slot(total=PIECES)]), by="ann", now=NOW)
        campaign_services.launch(made, by="ann", now=NOW)
        off, days = {"effect": {"type": "amount_off", "amount": 500}}, {"type": "days", "days": 7}
        coupon_services.create_template(made, "5 off", off, days, now=NOW, total=3, shared_code="SPRING")


def _buy_and_give_back() -> None:
    from tests.loyalty.clubs import NOW, ZONE, cart

    from wotu.core.errors import WotuError
    from wotu.loyalty.orders import services as order_services

    given: dict[str, Any] = {"until": NOW.replace(hour=13), "now": NOW, "zone": ZONE}
    try:
        order_services.hold("o1", 7, cart(("tea", 3, 5_000)), picks=["spring"], **given)
    except WotuError as error:
        if error.given.get("refusal") != "already_paid":
            raise
    order_services.pay("o1", now=NOW)
    order_services.give_back("o1", "r1", {"tea": 1}, now=NOW)


def _told() -> dict[str, Any]:
    from tests.loyalty.clubs import has

    from wotu.ledger import limit_services
    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Campaign, Coupon, Order, PromotionSlot, PromotionUse

    slot, campaign = PromotionSlot.objects.get(), Campaign.objects.get()
    rooms = [limit_services.room(each or 0) for each in (slot.account, campaign.budget_account)]
    return {
        "slot": [rooms[0].used, rooms[0].held, rooms[0].left], "budget": [rooms[1].used, rooms[1].held],
        "uses": list(PromotionUse.objects.values_list("count", flat=True)),
        "coupons": sorted(Coupon.objects.values_list("state", flat=True)),
        "orders": [[row.state, row.net] for row in Order.objects.all()],
        "points": has(7), "differences": len(differences()),
    }  # fmt: skip
