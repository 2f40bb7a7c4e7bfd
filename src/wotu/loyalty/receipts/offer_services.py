"""Offers of cash back for receipts are written by staff for a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.ledger import services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import check_amount
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.choices import PaidIn
from wotu.loyalty.models import Campaign
from wotu.loyalty.programme.services import point_worth_in
from wotu.loyalty.receipts.models import ReceiptOffer
from wotu.loyalty.receipts.rules import CashBack, Window

_MOST_SHOPS, _LONGEST = 200, 120


def create_offer(
    campaign: int,
    name: str,
    terms: CashBack,
    window: Window,
    *,
    paid_in: str,
    by: str,
    now: datetime,
    most_per_customer: int | None = None,
    shops: Sequence[str] = (),
) -> int:
    """An offer of a campaign, whose budget pays for it; its number. Customers see it while the campaign runs."""
    if not 0 < len(name.strip()) <= _LONGEST:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    if paid_in not in PaidIn.values:
        raise invalid_argument("paid_in", f"paid_in must be one of {', '.join(PaidIn.values)}.", Reason.NOT_A_CHOICE)
    if most_per_customer is not None:
        check_amount(most_per_customer, field="most_per_customer")
    with transaction.atomic():
        row = Campaign.objects.filter(pk=campaign).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
        _prepare_unit(row, paid_in)
        made = ReceiptOffer.objects.create(
            campaign=row,
            name=name.strip(),
            paid_in=paid_in,
            most_per_customer=most_per_customer,
            shops=_checked(shops),
            created_by=by[:80],
            created_at=now,
            **msgspec.structs.asdict(terms),
            **msgspec.structs.asdict(window),
        )
    return made.pk


def _prepare_unit(row: Campaign, paid_in: str) -> None:
    if paid_in == PaidIn.MONEY:
        services.open_unit(money_unit(row.currency), UnitKind.MONEY, row.currency)
    else:
        point_worth_in(row.currency, field="paid_in")


def _checked(shops: Sequence[str]) -> list[str]:
    found = [" ".join(each.split()) for each in shops]
    if len(found) > _MOST_SHOPS or not all(0 < len(each) <= _LONGEST and "\x00" not in each for each in found):
        raise invalid_argument("shops", "Write at most 200 names of shops of 1 to 120 characters.")
    return list(dict.fromkeys(found))
