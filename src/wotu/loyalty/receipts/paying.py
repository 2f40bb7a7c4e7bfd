"""What a receipt brings goes out of the campaign's budget and to its sender, and back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services, services
from wotu.ledger.rules import Cause
from wotu.loyalty import allowances
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.choices import PaidIn
from wotu.loyalty.participation import PromotionRefusal, refused
from wotu.loyalty.programme.services import point_worth_in, programme, term_of
from wotu.loyalty.receipts.models import Receipt, ReceiptOffer
from wotu.loyalty.receipts.reads import terms_of
from wotu.loyalty.receipts.rules import cash_back


def worth_of(offer: ReceiptOffer) -> int:
    """Minor units of one unit of what is paid: a point of the club, or 1 of money."""
    return point_worth_in(offer.campaign.currency, field="paid_in") if offer.paid_in == PaidIn.POINTS else 1


def scope_of(row: Receipt) -> str:
    """Under what the sender's receipts of the offer are counted together."""
    return _scope(row.offer_id, row.customer)


def would_pay(offer: int, customer: int, amount: int) -> int:
    """What a receipt over ``amount`` would bring the customer now, in minor units; the budget is not asked."""
    row = ReceiptOffer.objects.select_related("campaign").get(pk=offer)
    left = allowances.left(_scope(offer, customer), row.most_per_customer)
    return cash_back(terms_of(row), amount, left=left, worth=worth_of(row))


def pay(row: Receipt, cash: int, paid: int, *, now: datetime) -> tuple[int, int | None]:
    """Spend ``cash`` of the budget and give the sender ``paid``; the transfers. Part of the caller's transaction."""
    campaign, budget = row.offer.campaign, None
    if campaign.budget_account is not None:
        budget = _spend_budget(campaign.budget_account, _cause(row, "budget"), cash, money_unit(campaign.currency), now)
    unit, available_at, expires_at = money_unit(campaign.currency), None, None
    if row.offer.paid_in == PaidIn.POINTS:
        club = programme()
        zone = ZoneInfo(club.zone)
        unit = club.points_unit
        available_at, expires_at = term_of(club).life(now.astimezone(zone).date(), zone)
    given = services.grant(
        _cause(row, "cash-back"),
        customer=row.customer,
        unit=unit,
        amount=paid,
        now=now,
        available_at=available_at,
        expires_at=expires_at,
    )
    return given.transfer, budget


def take_back(row: Receipt, *, now: datetime) -> None:
    """Give the budget back what the receipt took of it, and take it off the sender. Part of the caller's transaction.

    Of a sender who was erased meanwhile nothing can be taken; the budget has its part all the same.
    """
    assert row.transfer is not None, "what was approved was paid"
    account = row.offer.campaign.budget_account
    if account is not None and row.budget_transfer is not None:
        cause = _cause(row, "budget-back")
        limit_services.return_to_limit(cause, account, row.cash, reverses=row.budget_transfer, now=now)
    if row.customer >= 0:
        services.reverse_grant(_cause(row, "cash-back-taken"), row.transfer, now=now)


def _spend_budget(account: int, cause: Cause, cash: int, unit: str, now: datetime) -> int:
    try:
        return limit_services.spend_limit(cause, account, cash, unit=unit, now=now).transfer
    except WotuError as error:
        if error.code != ErrorCode.LIMIT_REACHED:
            raise
        raise refused(PromotionRefusal.BUDGET_EMPTY, field="amount", **error.given) from error


def _scope(offer: int, customer: int) -> str:
    return f"receipts:{offer}:customer:{customer}"


def _cause(row: Receipt, effect: str) -> Cause:
    return Cause(row.offer.campaign.code, 1, f"receipt:{row.pk}", "sender", effect)
