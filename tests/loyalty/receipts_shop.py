"""A campaign that pays cash back for receipts, and receipts to send in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.loyalty.clubs import NOW
from tests.loyalty.pictures import png

from wotu.ledger import limit_services, reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.models import Campaign, Receipt
from wotu.loyalty.receipts import offer_services, services
from wotu.loyalty.receipts.rules import CashBack, Window

DAY = date(2026, 3, 1)
PHOTO = png("a photo")


def campaign(budget: int | None = 10_000, code: str = "tea", **given: Any) -> int:
    made = campaign_services.create_campaign(code, "Tea", by="ann", now=NOW, budget=budget, **given)
    campaign_services.launch(made, by="ann", now=NOW)
    return made


def offer(of: int | None = None, *, paid_in: str = "money", rate: int = 1_000, budget: int | None = 10_000,
          **given: Any) -> int:  # fmt: skip
    """10 % in money."""
    terms = {name: given.pop(name) for name in ("fixed", "least", "most_per_receipt") if name in given}
    window = Window(first_day=DAY - timedelta(days=7), last_day=DAY + timedelta(days=30))
    asked = CashBack(rate=0 if terms.get("fixed") else rate, **terms)
    of = campaign(budget) if of is None else of
    return offer_services.create_offer(of, "Tea back", asked, window, paid_in=paid_in, by="ann", now=NOW, **given)


def typed(number: str = "A1", amount: int = 5_000, shop: str = "Tea House", day: date = DAY) -> services.Typed:
    return services.Typed(shop, day, number, amount)


def send(
    to: int, customer: int = 7, number: str = "A1", amount: int = 5_000, *, photo: bytes = b"", now: datetime = NOW
) -> int:
    """A receipt with a photo of its own."""
    shot = photo or png(f"{customer}-{number}")
    return services.send(to, customer, typed(number, amount), shot, now=now).receipt


def cash(customer: int = 7) -> int:
    return sum(each.net for each in reads.balances(customer) if each.unit.code == "money:CNY")


def used(code: str = "tea") -> int:
    """What is used of the budget."""
    return limit_services.room(Campaign.objects.get(code=code).budget_account or 0).used


def states() -> list[str]:
    return list(Receipt.objects.order_by("pk").values_list("state", flat=True))
