"""The points mall: what can be had for points, taken once for a key, and given back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.programme_answers import shown_item, shown_redemption
from wotu.api.schemas import mall as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.loyalty.programme import mall_reads, mall_services

router = Router(tags=["Points mall"])


@router.get(
    "/programmes/{code}/mall-items",
    response=answers(Page[told.Item], NOT_FOUND),
    summary="What can be had for points",
    operation_id="list_mall_items",
)
def list_mall_items(request: HttpRequest, code: str) -> Page[Any]:
    """All of them, those that are offered first, with what is left and taken."""
    caller_of(request).require(Action.READ)
    return page([shown_item(each) for each in mall_reads.items(code)], None)


@router.post(
    "/programmes/{code}/mall-items",
    response=answers(told.Item, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Offer something for points",
    operation_id="create_mall_item",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, status=HTTPStatus.CREATED, in_control=True)
def create_mall_item(request: HttpRequest, code: str, asked: told.NewItem) -> told.Item:
    """It can be taken at once: goods, or a coupon of a template."""
    made = mall_services.create_item(
        asked.name, asked.points, stock=asked.stock, template=asked.coupon_template, per_customer=asked.per_customer,
        code=code, now=timezone.now(),
    )  # fmt: skip
    return _told(request, made, "item")


@router.get(
    "/mall-items/{id}", response=answers(told.Item, NOT_FOUND), summary="One item", operation_id="get_mall_item"
)
def get_mall_item(request: HttpRequest, id: int) -> told.Item:  # noqa: A002
    """With what is left and taken."""
    caller_of(request).require(Action.READ)
    return shown_item(mall_reads.item(id))


@router.put(
    "/mall-items/{id}",
    response=answers(told.Item, NOT_FOUND),
    summary="Change an item",
    operation_id="change_mall_item",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def change_mall_item(request: HttpRequest, id: int, asked: told.ItemChange) -> told.Item:  # noqa: A002
    """Who has it keeps it at the points they paid. Whether it has a stock stays."""
    changed = mall_services.change_item(
        id, name=asked.name, points=asked.points, stock=asked.stock, per_customer=asked.per_customer,
        now=timezone.now(),
    )  # fmt: skip
    return _told(request, id, "item" if changed else "")


@router.post(
    "/mall-items/{id}/offer",
    response=answers(told.Item, NOT_FOUND),
    summary="Offer an item, or no longer",
    operation_id="offer_mall_item",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def offer_mall_item(request: HttpRequest, id: int, asked: told.ItemOffered) -> told.Item:  # noqa: A002
    """What was taken stays taken."""
    changed = mall_services.offer_item(id, offered=asked.offered)
    what = "item_offered" if asked.offered else "item_ended"
    return _told(request, id, what if changed else "")


@router.post(
    "/mall-items/{id}/redeem",
    response=answers(told.Redeemed, NOT_FOUND, CONFLICT),
    summary="Take an item for a customer's points",
    operation_id="redeem_mall_item",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def redeem_mall_item(request: HttpRequest, id: int, asked: told.NewRedemption) -> told.Redeemed:  # noqa: A002
    """Points, piece and coupon in one, once for a `key`: asked again, it is what was taken, with `repeated`."""
    made = mall_services.redeem_item(
        id, number_of(asked.customer), key=asked.key, now=timezone.now(), zone=workspace().settings.zone,
        points=asked.points,
    )  # fmt: skip
    return told.Redeemed(**_redemption(request, made.redemption).model_dump(), repeated=made.repeated)


@router.get(
    "/programmes/{code}/mall-redemptions",
    response=answers(Page[told.Redemption], NOT_FOUND),
    summary="Who took what for points",
    operation_id="list_mall_redemptions",
)
def list_mall_redemptions(request: HttpRequest, code: str, asked: Query[told.RedemptionQuery]) -> Page[Any]:
    """Newest first, of one `customer` or one `item` where they are named."""
    caller = caller_of(request)
    caller.require(Action.READ)
    customer = None if asked.customer is None else number_of(asked.customer)
    with continuing():
        found = mall_reads.redemptions(code, customer=customer, item=asked.item, before=asked.place, limit=asked.limit)
    return page([shown_redemption(each, caller.sight) for each in found.rows], found.next)


@router.post(
    "/mall-redemptions/{id}/cancel",
    response=answers(told.Cancelled, NOT_FOUND, CONFLICT),
    summary="Give an item back",
    operation_id="cancel_mall_redemption",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def cancel_mall_redemption(request: HttpRequest, id: int, asked: Nothing) -> told.Cancelled:  # noqa: A002
    """Points return to their lots, the piece to the stock, the coupon is void; a coupon that was used is refused."""
    new = mall_services.cancel_redemption(id, now=timezone.now())
    return told.Cancelled(**_redemption(request, id).model_dump(), repeated=not new)


def _redemption(request: HttpRequest, number: int) -> told.Redemption:
    return shown_redemption(mall_reads.redemption(number), caller_of(request).sight)


def _told(request: HttpRequest, number: int, what: str) -> told.Item:
    """The item, after the audit is told ``what`` was done with it, if anything."""
    row, caller = mall_reads.item(number), caller_of(request)
    if what:
        record(
            actor=caller.actor, action=AuditAction.EDIT_PROGRAMME, target=row.programme, address=caller.address,
            detail={"what": what, "item": number},
        )  # fmt: skip
    return shown_item(row)
