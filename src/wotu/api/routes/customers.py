"""Customers: find them, and look at one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import found_exactly, workspace
from wotu.api.callers import caller_of
from wotu.api.cursors import continuing, packed
from wotu.api.probing import check_filter
from wotu.api.schemas.customers import (
    Customer,
    CustomerPage,
    CustomerQuery,
    CustomerRow,
    IdentityEvent,
    Order,
    OrderLine,
    RfmRow,
    TimelineEvent,
    TimelineQuery,
)
from wotu.api.schemas.errors import NOT_FOUND, answers
from wotu.api.schemas.pages import Page, Paging, page
from wotu.api.values import plain, texts
from wotu.workspace import profiles

router = Router(tags=["Customers"])


@router.get("/customers", response=answers(CustomerPage), summary="List customers", operation_id="list_customers")
def list_customers(request: HttpRequest, asked: Query[CustomerQuery]) -> dict[str, Any]:
    """Customers found by name, identifier, traits and value segment, a page at a time.

    A customer who changes while you read is on one page all the same.
    """
    sight = _sight(request)
    check_filter(sight, asked.where)
    exactly = found_exactly(asked.search, by_name=not sight.whole) if asked.search else []
    with continuing():
        found = workspace().customers(
            search="" if exactly else asked.search, where=asked.where, segment=asked.segment, sort=asked.sort,
            limit=asked.limit, among=exactly or None, by_name=not sight.whole, after=asked.place,
        )  # fmt: skip
    items = [CustomerRow(**texts(row, "revenue")) for row in sight.rows(found.rows)]
    return {"items": items, "next": packed(found.next), "total": found.total}


@router.get(
    "/customers/{identifier}",
    response=answers(Customer, NOT_FOUND),
    summary="One customer",
    operation_id="get_customer",
)
def get_customer(request: HttpRequest, identifier: str) -> Customer:
    """Who the customer is and what they are worth. ``identifier`` is `c42`, `type:value` or a bare value."""
    profile, sight = _seen(request, identifier)
    return Customer(
        customer_id=profile.customer_id,
        name=None if profile.name is None else sight.text(profile.name),
        identifiers=[_plain(each) for each in sight.identifiers(profile.identifiers)],
        traits={sight.text(name): plain(sight.value(name, value)) for name, value in profile.traits.items()},
        first_seen=profile.first_seen,
        last_seen=profile.last_seen,
        events=profile.events,
        orders=profile.orders,
        revenue=str(profile.revenue),
        rfm=None if profile.rfm is None else RfmRow(**texts(profile.rfm, "monetary")),
    )


@router.get(
    "/customers/{identifier}/orders",
    response=answers(Page[Order], NOT_FOUND),
    summary="Orders of a customer",
    operation_id="list_orders",
)
def list_orders(request: HttpRequest, identifier: str, asked: Query[Paging]) -> Page[Any]:
    """Orders with their lines, newest first."""
    caller_of(request).require(Action.READ)
    with continuing():
        found = workspace().orders_of(identifier, limit=asked.limit, before=asked.place)
    return page([_order(row) for row in found.rows], found.next)


@router.get(
    "/customers/{identifier}/timeline",
    response=answers(Page[TimelineEvent], NOT_FOUND),
    summary="Timeline of a customer",
    operation_id="list_timeline",
)
def list_timeline(request: HttpRequest, identifier: str, asked: Query[TimelineQuery]) -> Page[Any]:
    """Everything the customer did, newest first."""
    profile, sight = _seen(request, identifier)
    wanted = (asked.event,) if asked.event else ()
    with continuing():
        found = workspace().timeline_of(profile.customer_id, limit=asked.limit, before=asked.place, events=wanted)
    events = [
        TimelineEvent(
            time=event.time, event=sight.text(event.event), seq=event.seq,
            properties={name: plain(sight.value(name, value)) for name, value in event.properties.items()},
        )
        for event in found.rows
    ]  # fmt: skip
    return page(events, found.next)


@router.get(
    "/customers/{identifier}/identity",
    response=answers(Page[IdentityEvent], NOT_FOUND),
    summary="How a customer came to be",
    operation_id="list_identity",
)
def list_identity(request: HttpRequest, identifier: str) -> Page[Any]:
    """Identifiers, joins, merges and splits, oldest first. There is one page."""
    profile, sight = _seen(request, identifier)
    events = [
        IdentityEvent(
            time=event.time, what=event.what, source=event.source, seq=event.seq,
            identifiers=[_plain(each) for each in sight.identifiers(event.identifiers)],
            message_id=None if event.message_id is None else sight.text(event.message_id),
            by=event.by, reason=None if event.reason is None else sight.text(event.reason),
        )
        for event in workspace().identity_history(profile.customer_id)
    ]  # fmt: skip
    return page(events, None)


def _order(order: profiles.Order) -> Order:
    return Order(
        order_id=order.order_id, time=order.time, revenue=str(order.revenue), refunded=str(order.refunded),
        cancelled=order.cancelled,
        lines=[OrderLine(**texts(line, "quantity", "price", "amount")) for line in order.lines],
    )  # fmt: skip


def _seen(request: HttpRequest, identifier: str) -> tuple[profiles.CustomerProfile, Sight]:
    """The customer, and what the caller may see of them."""
    sight = _sight(request)
    profile = workspace().customer(identifier)
    return profile, sight.knowing(profile.identifiers)


def _sight(request: HttpRequest) -> Sight:
    caller = caller_of(request)
    caller.require(Action.READ)
    return caller.sight


def _plain(identifier: Any) -> Any:
    return asdict(identifier)
