"""Badges of a programme: for what customers did, level by level."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.idempotency import write
from wotu.api.programme_answers import shown_badge, shown_own_badge
from wotu.api.schemas import badges as told
from wotu.api.schemas.errors import IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.loyalty.programme import badge_reads, badge_services
from wotu.loyalty.programme.services import programme
from wotu.loyalty.programme.written_earning import kept_levels

router = Router(tags=["Badges"])


@router.get(
    "/programmes/{code}/badges",
    response=answers(Page[told.Badge], NOT_FOUND),
    summary="Badges of a programme",
    operation_id="list_badges",
)
def list_badges(request: HttpRequest, code: str) -> Page[Any]:
    """All of them, with how many customers have each level."""
    caller_of(request).require(Action.READ)
    return page([shown_badge(each) for each in badge_reads.badges(code)], None)


@router.post(
    "/programmes/{code}/badges",
    response=answers(told.Badge, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Make a badge",
    operation_id="create_badge",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, status=HTTPStatus.CREATED, in_control=True)
def create_badge(request: HttpRequest, code: str, asked: told.NewBadge) -> told.Badge:
    """Who has reached it already is given it by the worker within seconds, others when they reach it."""
    levels = kept_levels(asked.metric, asked.levels, programme(code).currency)
    badge_services.create_badge(asked.name, asked.metric, levels, code=asked.code, programme_code=code)
    return _told(request, code, asked.code, changed=True)


@router.put(
    "/programmes/{code}/badges/{badge}",
    response=answers(told.Badge, NOT_FOUND),
    summary="Change a badge",
    operation_id="change_badge",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def change_badge(request: HttpRequest, code: str, badge: str, asked: told.BadgeChange) -> told.Badge:
    """Its name and levels. Who has it is settled anew by the worker; what it counts stays."""
    had = badge_reads.badge(badge, code)
    levels = kept_levels(had.metric, asked.levels, had.currency)
    changed = badge_services.change_badge(badge, name=asked.name, levels=levels, programme_code=code)
    return _told(request, code, badge, changed=changed)


@router.get(
    "/programmes/{code}/members/{identifier}/badges",
    response=answers(Page[told.OwnBadge], NOT_FOUND),
    summary="A customer's badges",
    operation_id="list_customer_badges",
)
def list_customer_badges(request: HttpRequest, code: str, identifier: str) -> Page[Any]:
    """Every badge of the programme, with the level that the customer has and what the next one takes."""
    caller_of(request).require(Action.READ)
    return page([shown_own_badge(each) for each in badge_reads.badges_of(code, number_of(identifier))], None)


def _told(request: HttpRequest, code: str, badge: str, *, changed: bool) -> told.Badge:
    """The badge, after the audit is told of a change."""
    caller = caller_of(request)
    if changed:
        record(
            actor=caller.actor, action=AuditAction.EDIT_PROGRAMME, target=code, address=caller.address,
            detail={"what": "badge", "badge": badge},
        )  # fmt: skip
    return shown_badge(badge_reads.badge(badge, code))
