"""Contests: written, joined, counted and settled; places by the hundred."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action, may
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.idempotency import write
from wotu.api.schemas import contests as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.money import decimal_text
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.choices import ContestMetric
from wotu.loyalty.contests import approving, awarding, reads, services
from wotu.loyalty.contests.ranks import Prize

router = Router(tags=["Contests"])
_BOARD = 100


@router.get(
    "/contests", response=answers(Page[told.Contest]), summary="List contests", operation_id="list_contests"
)  # fmt: skip
def list_contests(request: HttpRequest) -> Page[Any]:
    """Newest first."""
    caller_of(request).require(Action.READ)
    return page([_shown(each) for each in reads.contests(timezone.now())], None)


@router.post(
    "/campaigns/{code}/contests",
    response=answers(told.Contest, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Write a contest",
    operation_id="create_contest",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_contest(request: HttpRequest, code: str, asked: told.NewContest) -> told.Contest:
    """Where its points are worth more than the setting `approval_above`, owners only."""
    now, caller, found = timezone.now(), caller_of(request), campaign_reads.campaign(code)
    prizes = tuple(
        Prize(first=each.first, last=each.last, points=each.points, template=each.coupon_template)
        for each in asked.prizes
    )
    approving.check_may_promise(caller.role, prizes, above=settings.WOTU_SETTINGS.approval_above)
    made = services.create_contest(
        found.number,
        asked.name,
        asked.metric,
        prizes,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        cut_off=asked.cut_off,
        by=caller.name,
        now=now,
        tie=asked.tie,
        event=asked.event,
    )
    _tell(request, AuditAction.EDIT_CAMPAIGN, code, what="contest", contest=made)
    return _shown(reads.counted_contest(made, now))


@router.get(
    "/contests/{id}", response=answers(told.Contest, NOT_FOUND), summary="One contest", operation_id="get_contest"
)  # fmt: skip
def get_contest(request: HttpRequest, id: int) -> told.Contest:  # noqa: A002
    """How many joined and what it gave."""
    caller_of(request).require(Action.READ)
    return _shown(reads.counted_contest(id, timezone.now()))


@router.get(
    "/contests/{id}/board",
    response=answers(told.Board, NOT_FOUND),
    summary="The first hundred places",
    operation_id="get_contest_board",
)
def get_contest_board(request: HttpRequest, id: int) -> told.Board:  # noqa: A002
    """Of those who joined, by nicknames or masked names."""
    caller = caller_of(request)
    caller.require(Action.READ)
    found = reads.contest(id, timezone.now())
    whole = may(caller.role, Action.SEE_IDENTIFIERS)
    items = [_place(row, found, whole=whole) for row in reads.board(id, limit=_BOARD)]
    return told.Board(counted_at=found.counted_at, items=items)


@router.post(
    "/contests/{id}/entries",
    response=answers(told.OwnPlace, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Join a contest",
    operation_id="join_contest",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, status=HTTPStatus.CREATED, in_control=True)
def join_contest(request: HttpRequest, id: int, asked: told.NewEntry) -> told.OwnPlace:  # noqa: A002
    """Once a person; joined again, the nickname changes."""
    customer, now = number_of(asked.customer), timezone.now()
    name = workspace().customer(customer_text(customer)).name or ""
    joined = services.join(id, customer, now=now, nickname=asked.nickname, masked=reads.masked(name))
    return _own(id, customer, repeated=joined.repeated)


@router.get(
    "/contests/{id}/entries/{identifier}",
    response=answers(told.OwnPlace, NOT_FOUND),
    summary="The place of a customer",
    operation_id="get_contest_place",
)
def get_contest_place(request: HttpRequest, id: int, identifier: str) -> told.OwnPlace:  # noqa: A002
    """As it was counted last; not found for who has not joined."""
    caller_of(request).require(Action.SEE_IDENTIFIERS)
    return _own(id, number_of(identifier), repeated=False)


@router.post(
    "/contests/{id}/count",
    response=answers(told.Contest, NOT_FOUND),
    summary="Count places now",
    operation_id="count_contest",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def count_contest(request: HttpRequest, id: int, asked: Nothing) -> told.Contest:  # noqa: A002
    """The worker does every five minutes."""
    services.count(id, now=timezone.now())
    return _shown(reads.counted_contest(id, timezone.now()))


@router.post(
    "/contests/{id}/settle",
    response=answers(told.SettledContest, NOT_FOUND, CONFLICT),
    summary="Settle a contest",
    operation_id="settle_contest",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def settle_contest(request: HttpRequest, id: int, asked: Nothing) -> told.SettledContest:  # noqa: A002
    """After the cut-off, once: the final places, and the prizes."""
    caller, now = caller_of(request), timezone.now()
    done = services.settle(id, by=caller.name, now=now)
    found = reads.counted_contest(id, now)
    if not done.repeated:
        _tell(request, AuditAction.EDIT_CAMPAIGN, found.campaign, what="contest_settled", contest=id, given=done.given)
    return told.SettledContest(**_shown(found).model_dump(), repeated=done.repeated)


@router.post(
    "/contests/{id}/missing-prizes",
    response=answers(told.Contest, NOT_FOUND),
    summary="Give the prizes that could not be given",
    operation_id="give_missing_prizes",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def give_missing_prizes(request: HttpRequest, id: int, asked: Nothing) -> told.Contest:  # noqa: A002
    """Once the reason is gone: the budget is larger, the coupon's campaign runs again."""
    given = awarding.try_again(id, now=timezone.now())
    found = reads.counted_contest(id, timezone.now())
    if given:
        _tell(request, AuditAction.EDIT_CAMPAIGN, found.campaign, what="contest_again", contest=id, given=given)
    return _shown(found)


def _own(number: int, customer: int, *, repeated: bool) -> told.OwnPlace:
    found, mine = reads.contest(number, timezone.now()), reads.place_of(number, customer)
    if mine is None:
        raise WotuError(ErrorCode.NOT_FOUND, "The customer has not joined this contest.", field="customer")
    return told.OwnPlace(**_place(mine, found, whole=True).model_dump(), repeated=repeated)


def _place(row: reads.PlaceRow, of: reads.ContestRow, *, whole: bool) -> told.Place:
    spent = of.metric == ContestMetric.SPENT
    return told.Place(
        place=row.place,
        shown=row.shown,
        customer=customer_text(row.customer) if whole and row.customer >= 0 else None,
        score=decimal_text(row.score, of.currency) if spent else str(row.score),
        reached_at=row.reached_at,
        points=row.points,
        coupons=row.coupons,
        missed=row.missed,
    )


def _shown(row: reads.CountedContest) -> told.Contest:
    same = {name: getattr(row, name) for name in told.Contest.model_fields if hasattr(row, name)}
    prizes = [
        told.Prize(first=each.first, last=each.last, points=each.points, coupon_template=each.template)
        for each in row.prizes
    ]
    return told.Contest(**same | {"id": row.number, "prizes": prizes})


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
