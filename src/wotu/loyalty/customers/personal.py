"""What one person may ask of loyalty and the ledger: everything they hold about them, and that they forget them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from wotu.core.customer_ids import customer_number
from wotu.ledger import personal as ledger
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import (
    Allowance,
    BadgeAward,
    CheckIn,
    ContestEntry,
    ContestTally,
    Coupon,
    Draw,
    Enrolment,
    ExpiryNotice,
    MallRedemption,
    Membership,
    Order,
    OrderReturn,
    PartnerCode,
    PromotionCustomer,
    Receipt,
    SampleRequest,
    WaitingReturn,
    Win,
)

# Of each table, what a person has a right to read.
_TOLD: dict[str, tuple[Any, tuple[str, ...]]] = {
    "memberships": (Enrolment, ("programme__code", "joined_at", "manual")),
    "expiry_notices": (ExpiryNotice, ("programme__code", "points", "expires_at", "at")),
    "check_ins": (CheckIn, ("programme__code", "day")),
    "badges": (BadgeAward, ("badge__name", "level")),
    "coupons": (Coupon, ("template__name", "code", "state", "starts_at", "ends_at", "order_id")),
    "orders": (Order, ("order_id", "state", "quote", "paid_at")),
    "plans": (Membership, ("plan__code", "source", "first", "after", "paid", "renews")),
    "partner_codes": (PartnerCode, ("pool__name", "code", "taken_at")),
    "promotions": (PromotionCustomer, ("promotion__name",)),
    "receipts": (Receipt, ("offer__name", "shop", "day", "number", "amount", "state", "cash", "sent_at")),
    "samples": (SampleRequest, ("offer__name", "state", "asked_at", "given_at", "reminded_at")),
    "contests": (ContestEntry, ("contest__name", "nickname", "joined_at", "score", "place")),
    "mall": (MallRedemption, ("item__name", "key")),
    "draws": (Draw, ("lottery__code", "outcome", "at")),
    "wins": (Win, ("prize__name_zh", "state", "at")),
}

# Every table that names a customer.
_NAMING: tuple[Any, ...] = (*(rows for rows, _ in _TOLD.values()), Allowance, ContestTally, WaitingReturn)
_AT_ONCE = 500


def value_of(customer_ids: Iterable[str]) -> dict[str, Any]:
    """Balances, coupons, orders, membership of a customer under any of the ids they have had, as plain data."""
    ids = list(customer_ids)
    numbers = _numbers(ids)
    told = {
        name: list(rows.objects.filter(customer__in=numbers).order_by("pk").values(*fields))
        for name, (rows, fields) in _TOLD.items()
    }
    returns = OrderReturn.objects.filter(order__customer__in=numbers).order_by("pk")
    return (
        ledger.value_of(ids) | told | {"returns": list(returns.values("order__order_id", "refund_id", "refund", "at"))}
    )


def forget(customer_ids: Iterable[str]) -> int:
    """Take the name off everything of an erased customer, under any of the ids they have had; how many rows."""
    ids = list(customer_ids)
    return sum(customer_services.forget(number) for number in _numbers(ids)) + ledger.forget(ids)


def any_rows() -> bool:
    """Whether loyalty has anything of anybody."""
    return any(rows.objects.filter(customer__gte=0).exists() for rows in _NAMING)


def customers() -> Iterator[int]:
    """Of whom loyalty has something; some more than once."""
    for rows in _NAMING:
        yield from rows.objects.filter(customer__gte=0).values_list("customer", flat=True).distinct().iterator()


def with_rows(customers: Collection[int]) -> set[int]:
    """Those of ``customers`` of whom loyalty has something."""
    wanted, found = sorted(customers), set[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for rows in _NAMING:
            found.update(rows.objects.filter(customer__in=some).values_list("customer", flat=True).distinct())
    return found


def _numbers(customer_ids: Iterable[str]) -> list[int]:
    return [number for text in customer_ids if (number := customer_number(text)) is not None]
