"""Lotteries: written, launched with their tickets, paused, ended; chances, draws, wins. Times are the server's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
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
from wotu.api.lottery_answers import draft_of, lottery_in_full, shown_lottery, shown_win
from wotu.api.schemas import lotteries as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_text
from wotu.loyalty.campaigns.approval import check_may_launch
from wotu.loyalty.lottery import chance_services, draft_services, draw_services, giving_services, own_reads, reads
from wotu.loyalty.lottery import services as running

router = Router(tags=["Lotteries"])


@router.get("/lotteries", response=answers(Page[told.Lottery]), summary="List lotteries", operation_id="list_lotteries")
def list_lotteries(request: HttpRequest) -> Page[Any]:
    """All of them, the latest first."""
    caller_of(request).require(Action.READ)
    return page([shown_lottery(each) for each in reads.lotteries(timezone.now())], None)


@router.post(
    "/lotteries",
    response=answers(told.LotteryInFull, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Write a lottery",
    operation_id="create_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_lottery(request: HttpRequest, asked: told.NewLottery) -> told.LotteryInFull:
    """A draft: nobody can play it before it is launched. `law` tells what stands in the way of that."""
    currency = asked.currency or workspace().settings.currency
    draft = draft_of(asked, currency)
    draft_services.write_draft(
        asked.code, draft, currency=currency, by=caller_of(request).name[:80], now=timezone.now()
    )
    _tell(request, AuditAction.EDIT_LOTTERY, asked.code, what="create")
    return lottery_in_full(asked.code, timezone.now())


@router.get(
    "/lotteries/{code}",
    response=answers(told.LotteryInFull, NOT_FOUND),
    summary="One lottery",
    operation_id="get_lottery",
)
def get_lottery(request: HttpRequest, code: str) -> told.LotteryInFull:
    """With its prizes and their odds, its tickets, and how it goes."""
    caller_of(request).require(Action.READ)
    return lottery_in_full(code, timezone.now())


@router.post(
    "/lotteries/{code}/launch",
    response=answers(told.LotteryInFull, NOT_FOUND, CONFLICT),
    summary="Launch a lottery",
    operation_id="launch_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def launch_lottery(request: HttpRequest, code: str, asked: Nothing) -> told.LotteryInFull:
    """Its tickets are made and its facts are settled. Prizes worth more than `approval_above`: owners only."""
    running.launch(
        code, seed=secrets.token_hex(32), by=caller_of(request).name[:80], now=timezone.now(),
        approve=_approval(request),
    )  # fmt: skip
    _tell(request, AuditAction.LAUNCH_LOTTERY, code, what="launch")
    return lottery_in_full(code, timezone.now())


@router.post(
    "/lotteries/{code}/pause",
    response=answers(told.LotteryInFull, NOT_FOUND, CONFLICT),
    summary="Pause a lottery",
    operation_id="pause_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def pause_lottery(request: HttpRequest, code: str, asked: Nothing) -> told.LotteryInFull:
    """Nobody can draw; chances are still earned."""
    return _go(request, code, lambda: running.pause(code), "pause")


@router.post(
    "/lotteries/{code}/resume",
    response=answers(told.LotteryInFull, NOT_FOUND, CONFLICT),
    summary="Let a paused lottery run again",
    operation_id="resume_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def resume_lottery(request: HttpRequest, code: str, asked: Nothing) -> told.LotteryInFull:
    """Until its end, which stays what it was."""
    return _go(request, code, lambda: running.resume(code), "resume")


@router.post(
    "/lotteries/{code}/end",
    response=answers(told.LotteryInFull, NOT_FOUND, CONFLICT),
    summary="End a lottery for good",
    operation_id="end_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def end_lottery(request: HttpRequest, code: str, asked: told.EndAsked) -> told.LotteryInFull:
    """Free tickets are withdrawn. Before its time, while there is anything to win, it takes a reason."""
    return _go(request, code, lambda: running.end(code, now=timezone.now(), because=asked.because), "end")


@router.post(
    "/lotteries/{code}/pieces",
    response=answers(told.LotteryInFull, NOT_FOUND, CONFLICT),
    summary="Add pieces of a prize",
    operation_id="add_lottery_pieces",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def add_lottery_pieces(request: HttpRequest, code: str, asked: told.MorePieces) -> told.LotteryInFull:
    """The one change to a running lottery: it harms nobody. They are spread evenly until the end."""

    def add() -> None:
        running.add_pieces(code, asked.place, asked.pieces, now=timezone.now(), approve=_approval(request))

    return _go(request, code, add, "pieces")


@router.post(
    "/lotteries/{code}/chances",
    response=answers(told.Chances, NOT_FOUND, CONFLICT),
    summary="Give a customer chances",
    operation_id="give_lottery_chances",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def give_lottery_chances(request: HttpRequest, code: str, asked: told.ChancesAsked) -> told.Chances:
    """Once for `key`, for a reason of one's own; within the most that one person may have."""
    customer, now = number_of(asked.customer), timezone.now()
    given = chance_services.give(code, customer, key=asked.key, count=asked.count, now=now)
    if given:
        _tell(request, AuditAction.GIVE_CHANCES, customer_text(customer), lottery=code, count=given)
    had = own_reads.chances(customer, code, now)
    return told.Chances(given=given, had=had.had, for_today=had.for_today)


@router.post(
    "/lotteries/{code}/draws",
    response=answers(told.Drawn, NOT_FOUND, CONFLICT),
    summary="Draw for a customer",
    operation_id="draw_lottery",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def draw_lottery(request: HttpRequest, code: str, asked: told.DrawAsked) -> told.Drawn:
    """Once for `key`: asked again, it is the same draw. The chances of the day come first."""
    customer, now = number_of(asked.customer), timezone.now()
    chance_services.visit(code, customer, now=now)
    made = draw_services.draw(code, customer, key=asked.key, now=now)
    left = own_reads.chances(customer, code, now).had
    return told.Drawn(
        draw=made.draw, outcome=made.outcome, prize=made.prize, win=made.win, repeated=made.repeated, chances_left=left
    )


@router.get(
    "/lotteries/{code}/wins",
    response=answers(Page[told.Win], NOT_FOUND),
    summary="Who won what",
    operation_id="list_lottery_wins",
)
def list_lottery_wins(request: HttpRequest, code: str, asked: Query[told.WinQuery]) -> Page[Any]:
    """The latest first."""
    caller_of(request).require(Action.SEE_IDENTIFIERS)
    currency = reads.lottery(code, timezone.now()).row.currency
    with continuing():
        found = reads.wins(code, open_only=asked.open, before=asked.place, limit=asked.limit)
    return page([shown_win(each, currency) for each in found.rows], found.next)


@router.post(
    "/lottery-wins/{id}/hand-out",
    response=answers(told.HandedOut, NOT_FOUND),
    summary="Note that a winner has the prize",
    operation_id="hand_out_lottery_win",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def hand_out_lottery_win(request: HttpRequest, id: int, asked: Nothing) -> told.HandedOut:  # noqa: A002
    """Goods that were handed over, or something else for a prize that is owed."""
    changed = giving_services.hand_out(id, by=caller_of(request).name[:80], now=timezone.now())
    if changed:
        _tell(request, AuditAction.HAND_OUT_PRIZE, str(id))
    return told.HandedOut(handed_out=changed)


def _approval(request: HttpRequest) -> running.Approve:
    """Whether the caller may promise prizes worth so much."""
    role, above = caller_of(request).role, workspace().settings.approval_above
    return lambda cost, currency: check_may_launch(role, cost, currency, above=above)


def _go(request: HttpRequest, code: str, change: Callable[[], Any], what: str) -> told.LotteryInFull:
    now = timezone.now()
    change()
    _tell(request, AuditAction.EDIT_LOTTERY, code, what=what)
    return lottery_in_full(code, now)


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
