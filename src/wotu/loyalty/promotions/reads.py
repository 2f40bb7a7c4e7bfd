"""What others may know of promotions, as plain data. Amounts are minor units (分)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Sum

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.loyalty.choices import OrderState
from wotu.loyalty.promotions.models import Promotion, PromotionCustomer, PromotionSlot, PromotionUse


@dataclass(frozen=True)
class SlotRow:
    """A slot; ``used``, ``held`` and ``left`` are ``None`` without a total."""

    number: int
    starts_at: datetime | None
    ends_at: datetime | None
    total: int | None
    used: int | None
    held: int | None
    left: int | None


@dataclass(frozen=True)
class PromotionRow:
    """A promotion, and of the paid orders that have it how many they are, whose, and what it took off them.

    ``listed`` is how many customers it is for, ``None`` where it is for everybody, and ``reason`` why.
    """

    number: int
    campaign: str
    currency: str
    name: str
    rule: dict[str, Any]
    per_customer: int | None
    listed: int | None
    reason: str
    slots: tuple[SlotRow, ...]
    orders: int
    customers: int
    cost: int
    created_by: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class TimedPromotion:
    """A promotion with times of its own, in order, of a campaign in ``campaign_state``."""

    name: str
    campaign: str
    campaign_state: str
    slots: tuple[SlotRow, ...]
    ended_at: datetime | None


def timed_between(starts: datetime, ends: datetime) -> tuple[TimedPromotion, ...]:
    """Promotions with times of their own, some of which fall between two moments; the first to begin first."""
    within = PromotionSlot.objects.filter(starts_at__lt=ends, ends_at__gt=starts).values("promotion")
    rows = Promotion.objects.filter(pk__in=within).select_related("campaign").prefetch_related("slots").order_by("pk")
    found = [
        TimedPromotion(
            row.name, row.campaign.code, row.campaign.state,
            tuple(_slot(each, {}) for each in sorted(row.slots.all(), key=lambda each: each.number)), row.ended_at,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.slots[0].starts_at or starts))


def promotions_of(campaign: int) -> tuple[PromotionRow, ...]:
    """The promotions of a campaign, oldest first."""
    return _rows(Promotion.objects.filter(campaign=campaign))


def promotion(number: int) -> PromotionRow:
    """One promotion; raises ``not_found``."""
    found = _rows(Promotion.objects.filter(pk=number))
    if not found:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such promotion.", field="promotion")
    return found[0]


def customers_of(promotion: int) -> list[int]:
    """Whom a listed promotion is for."""
    return list(PromotionCustomer.objects.filter(promotion=promotion).values_list("customer", flat=True))


def _rows(rows: Any) -> tuple[PromotionRow, ...]:
    found: Sequence[Any] = list(
        rows.annotate(named=Count("customers")).select_related("campaign").prefetch_related("slots").order_by("pk")
    )
    rooms = limit_services.rooms(slot.account for each in found for slot in each.slots.all() if slot.account)
    uses = _uses([each.pk for each in found])
    nothing = {"orders": 0, "people": 0, "taken": 0}
    return tuple(_row(each, rooms, uses.get(each.pk, nothing)) for each in found)


def _uses(numbers: Iterable[int]) -> dict[int, dict[str, int]]:
    paid = PromotionUse.objects.filter(promotion__in=list(numbers), order__state=OrderState.PAID, count__gt=0)
    sums = paid.values("promotion").annotate(
        orders=Count("pk"), people=Count("order__customer", distinct=True, filter=Q(order__customer__gte=0)),
        taken=Sum(F("cost")),
    )  # fmt: skip
    return {each["promotion"]: {name: int(each[name] or 0) for name in ("orders", "people", "taken")} for each in sums}


def _row(row: Any, rooms: dict[int, limit_services.Room], uses: dict[str, int]) -> PromotionRow:
    slots = sorted(row.slots.all(), key=lambda each: each.number)
    return PromotionRow(
        row.pk, row.campaign.code, row.campaign.currency, row.name, row.rule, row.per_customer,
        row.named if row.listed else None, row.reason, tuple(_slot(each, rooms) for each in slots), uses["orders"],
        uses["people"], uses["taken"], row.created_by, row.created_at, row.ended_at,
    )  # fmt: skip


def _slot(slot: PromotionSlot, rooms: dict[int, limit_services.Room]) -> SlotRow:
    room = rooms.get(slot.account or 0)
    used, held, left = (None, None, None) if room is None else (room.used, room.held, room.left)
    return SlotRow(slot.number, slot.starts_at, slot.ends_at, slot.total, used, held, left)
