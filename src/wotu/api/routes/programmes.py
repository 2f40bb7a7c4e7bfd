"""Points programmes: begun, changed by versions, paused; who is in them, and levels by hand. Times are the server's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.programme_answers import shown_in_full, shown_member, shown_programme
from wotu.api.schemas import programmes as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, Paging, page
from wotu.api.schemas.texts import Nothing
from wotu.core.customer_ids import customer_text
from wotu.loyalty.choices import ProgrammeState
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules, day_of
from wotu.loyalty.programme.tiers import Level, TierRules
from wotu.loyalty.programme.written_earning import check_levels_named, kept_rule, kept_terms

router = Router(tags=["Programmes"])


@router.get(
    "/programmes",
    response=answers(Page[told.Programme]),
    summary="List points programmes",
    operation_id="list_programmes",
)
def list_programmes(request: HttpRequest) -> Page[Any]:
    """All of them, those that give first, with how many are in each."""
    caller_of(request).require(Action.READ)
    return page([shown_programme(each) for each in club_reads.programmes(timezone.now())], None)


@router.post(
    "/programmes",
    response=answers(told.ProgrammeInFull, CONFLICT, status=HTTPStatus.CREATED),
    summary="Begin a points programme",
    operation_id="create_programme",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, status=HTTPStatus.CREATED, in_control=True)
def create_programme(request: HttpRequest, asked: told.NewProgramme) -> told.ProgrammeInFull:
    """In force at once. It promises without a limit, so that owners begin it."""
    settings = workspace().settings
    currency = asked.currency or settings.currency
    rules = Rules(earn=_earn(asked.earn, currency), tiers=_tiers(asked.tiers))
    check_levels_named(rules.earn, [each.key for each in rules.tiers.levels])
    terms = {"zone": settings.timezone, "currency": currency} | kept_terms(_terms(asked), currency)
    programme_services.create_programme(
        asked.name, rules, code=asked.code, by=caller_of(request).name[:80], now=timezone.now(), **terms
    )
    _tell(request, AuditAction.EDIT_PROGRAMME, asked.code, what="create")
    return _in_full(asked.code)


@router.get(
    "/programmes/{code}",
    response=answers(told.ProgrammeInFull, NOT_FOUND),
    summary="One points programme",
    operation_id="get_programme",
)
def get_programme(request: HttpRequest, code: str) -> told.ProgrammeInFull:
    """With its terms and the rules in force."""
    caller_of(request).require(Action.READ)
    return _in_full(code)


@router.put(
    "/programmes/{code}",
    response=answers(told.ProgrammeInFull, NOT_FOUND, CONFLICT),
    summary="Change a points programme",
    operation_id="change_programme",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def change_programme(request: HttpRequest, code: str, asked: told.ProgrammeChange) -> told.ProgrammeInFull:
    """From now on. Other rules are a new version; what was earned keeps its life. What is left out stays."""
    now = timezone.now()
    had = club_reads.programme(code, now)
    currency = had.terms["currency"]
    earn = None if asked.earn is None else _earn(asked.earn, currency)
    tiers = None if asked.tiers is None else _tiers(asked.tiers)
    if earn is not None or tiers is not None:
        levels = (had.rules.tiers if tiers is None else tiers).levels
        check_levels_named(had.rules.earn if earn is None else earn, [each.key for each in levels])
    programme_services.change_programme(
        code, name=asked.name, terms=kept_terms(_terms(asked), currency), earn=earn, tiers=tiers,
        by=caller_of(request).name[:80], now=now,
    )  # fmt: skip
    _tell(request, AuditAction.EDIT_PROGRAMME, code, what="edit")
    return _in_full(code)


@router.post(
    "/programmes/{code}/pause",
    response=answers(told.ProgrammeInFull, NOT_FOUND),
    summary="Let a programme rest",
    operation_id="pause_programme",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def pause_programme(request: HttpRequest, code: str, asked: Nothing) -> told.ProgrammeInFull:
    """Nothing is earned or taken any more; what was earned stays and may pay."""
    return _go(request, code, ProgrammeState.PAUSED)


@router.post(
    "/programmes/{code}/resume",
    response=answers(told.ProgrammeInFull, NOT_FOUND),
    summary="Let a programme give again",
    operation_id="resume_programme",
    openapi_extra=IDEMPOTENT,
)
@write(Action.APPROVE_BUDGETS, in_control=True)
def resume_programme(request: HttpRequest, code: str, asked: Nothing) -> told.ProgrammeInFull:
    """By the rules it has."""
    return _go(request, code, ProgrammeState.LIVE)


@router.get(
    "/programmes/{code}/members",
    response=answers(Page[told.Member], NOT_FOUND),
    summary="Who is in a programme",
    operation_id="list_programme_members",
)
def list_programme_members(request: HttpRequest, code: str, asked: Query[Paging]) -> Page[Any]:
    """Who joined last first."""
    caller_of(request).require(Action.READ)
    with continuing():
        found = club_reads.members(code, before=asked.place, limit=asked.limit)
    items = [told.Member(customer=customer_text(each.customer), joined_at=each.joined_at) for each in found.rows]
    return page(items, found.next)


@router.post(
    "/programmes/{code}/members",
    response=answers(told.Joined, NOT_FOUND),
    summary="Let a customer join",
    operation_id="join_programme",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, in_control=True)
def join_programme(request: HttpRequest, code: str, asked: told.NewMember) -> told.Joined:
    """Orders from then on earn, also where customers join by hand."""
    customer, now = number_of(asked.customer), timezone.now()
    new = programme_services.enrol(customer, now=now, code=code)
    since = club_reads.joined_at(code, customer) or now
    return told.Joined(customer=customer_text(customer), joined_at=since, repeated=not new)


@router.get(
    "/programmes/{code}/members/{identifier}",
    response=answers(told.MemberInFull, NOT_FOUND),
    summary="What a customer has in a programme",
    operation_id="get_programme_member",
)
def get_programme_member(request: HttpRequest, code: str, identifier: str) -> told.MemberInFull:
    """Points with when they end, level and the way to the next, check-in. Who is not in it has what they had."""
    caller_of(request).require(Action.READ)
    return shown_member(code, number_of(identifier), timezone.now())


@router.post(
    "/programmes/{code}/members/{identifier}/level",
    response=answers(told.MemberInFull, NOT_FOUND),
    summary="Give a level by hand",
    operation_id="give_level",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def give_level(request: HttpRequest, code: str, identifier: str, asked: told.NewLevel) -> told.MemberInFull:
    """It wins over a lower level that was reached, never over a higher one. Who is not in the programme joins."""
    customer, now = number_of(identifier), timezone.now()
    first_day = asked.first_day or day_of(programme_services.programme(code), now)
    new = programme_services.set_level(
        customer, asked.level, first_day=first_day, last_day=asked.last_day, code=code, now=now
    )
    if new:
        _tell(request, AuditAction.GIVE_LEVEL, customer_text(customer), programme=code, level=asked.level)
    return shown_member(code, customer, now)


@router.delete(
    "/programmes/{code}/members/{identifier}/level",
    response=answers(told.MemberInFull, NOT_FOUND),
    summary="Take levels given by hand back",
    operation_id="withdraw_level",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def withdraw_level(request: HttpRequest, code: str, identifier: str) -> told.MemberInFull:
    """Those that are not over. The level that was reached stays."""
    customer, now = number_of(identifier), timezone.now()
    if programme_services.withdraw_level(customer, code=code, now=now):
        _tell(request, AuditAction.GIVE_LEVEL, customer_text(customer), programme=code, what="withdraw")
    return shown_member(code, customer, now)


def _earn(written: list[told.EarnRule], currency: str) -> tuple[EarnRule, ...]:
    return tuple(kept_rule(each.model_dump(mode="json"), currency) for each in written)


def _tiers(written: told.Tiers) -> TierRules:
    given = written.model_dump(exclude={"levels"})
    return TierRules(levels=tuple(Level(key=each.key, at=each.at) for each in written.levels), **given)


def _terms(asked: Schema) -> dict[str, Any]:
    return asked.model_dump(mode="json", include=set(told.Terms.model_fields))


def _go(request: HttpRequest, code: str, state: ProgrammeState) -> told.ProgrammeInFull:
    if programme_services.set_terms(code, state=state.value):
        _tell(request, AuditAction.EDIT_PROGRAMME, code, what=state.value)
    return _in_full(code)


def _in_full(code: str) -> told.ProgrammeInFull:
    return shown_in_full(club_reads.programme(code, timezone.now()))


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
