"""The points mall as plain data: what can be had for points, how many are left and taken, and who took what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.loyalty.models import MallItem, MallRedemption
from wotu.loyalty.programme.services import programme
from wotu.loyalty.rows import part


@dataclass(frozen=True)
class ItemRow:
    """Something for points. ``stock`` is how many there are in all, ``left`` how many still; ``None``: any number.

    ``taken`` are those that customers have, ``template`` the kind of coupon it is.
    """

    number: int
    programme: str
    name: str
    points: int
    template: int | None
    coupon: str
    per_customer: int | None
    stock: int | None
    left: int | None
    taken: int
    offered: bool
    created_at: datetime


@dataclass(frozen=True)
class RedemptionRow:
    """An item that somebody took; ``customer`` is ``None`` once they were erased."""

    number: int
    item: int
    name: str
    customer: int | None
    key: str
    points: int
    coupon: int | None
    at: datetime
    cancelled_at: datetime | None


@dataclass(frozen=True)
class RedemptionPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[RedemptionRow, ...]
    next: str | None


def items(code: str) -> tuple[ItemRow, ...]:
    """Everything of a programme's mall: what is offered first, then by points."""
    return _items(MallItem.objects.filter(programme=programme(code)).order_by("-shown", "points", "pk"))


def item(number: int) -> ItemRow:
    """One of them; raises ``not_found``."""
    found = _items(MallItem.objects.filter(pk=number))
    if not found:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such item.", field="item")
    return found[0]


def redemptions(
    code: str, *, customer: int | None = None, item: int | None = None, before: str | None = None, limit: int = 50
) -> RedemptionPage:
    """What was taken of a programme's mall, by one customer or of one item where they are named."""
    rows = MallRedemption.objects.filter(item__programme=programme(code))
    if customer is not None:
        rows = rows.filter(customer=customer)
    if item is not None:
        rows = rows.filter(item__in=MallItem.objects.filter(pk=item))
    found, following = part(rows, before, limit, "item")
    return RedemptionPage(tuple(_redemption(each) for each in found), following)


def redemption(number: int) -> RedemptionRow:
    """One of them; raises ``not_found``."""
    row = MallRedemption.objects.select_related("item").filter(pk=number).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such redemption.", field="redemption")
    return _redemption(row)


def _items(rows: QuerySet[MallItem]) -> tuple[ItemRow, ...]:
    taken = Count("redemptions", filter=Q(redemptions__cancelled_at=None))
    found: list[Any] = list(rows.select_related("programme", "template").annotate(taken=taken))
    rooms = limit_services.rooms(each.stock_account for each in found if each.stock_account is not None)
    return tuple(_item(each, rooms.get(each.stock_account)) for each in found)


def _item(row: Any, room: limit_services.Room | None) -> ItemRow:
    return ItemRow(
        row.pk, row.programme.code, row.name, row.points, row.template_id, row.template.name if row.template else "",
        row.per_customer, None if room is None else room.limit, None if room is None else room.left, row.taken,
        row.shown, row.created_at,
    )  # fmt: skip


def _redemption(row: MallRedemption) -> RedemptionRow:
    return RedemptionRow(
        row.pk, row.item_id, row.item.name, row.customer if row.customer >= 0 else None, row.key, row.points,
        row.coupon_id, row.at, row.cancelled_at,
    )  # fmt: skip
