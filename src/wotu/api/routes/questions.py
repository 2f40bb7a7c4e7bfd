"""Questions: what ``Workspace`` answers, with the same parameters and the same JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from wotu.answers.kept import workspace
from wotu.api.asking import after, answer_of, answered, members, sight_of
from wotu.api.cursors import packed
from wotu.api.schemas.customers import CustomerPage, CustomerRow
from wotu.api.schemas.errors import answers
from wotu.api.schemas.questions import (
    EventsAnswer,
    EventsQuestion,
    GrowthAnswer,
    GrowthQuestion,
    MovementAnswer,
    MovementQuestion,
    OverviewAnswer,
    OverviewQuestion,
    RfmAnswer,
    RfmQuestion,
    StagesAnswer,
    StagesQuestion,
)
from wotu.api.schemas.who import WhoQuestion
from wotu.api.values import texts

router = Router(tags=["Questions"])


@router.post(
    "/events",
    response=answers(EventsAnswer),
    summary="Events over time",
    operation_id="ask_events",
    exclude_unset=True,
)
def ask_events(request: HttpRequest, asked: EventsQuestion) -> dict[str, Any]:
    """How often, by how many customers, with what amounts did events happen in each period?"""
    return answered(request, "events", asked)


@router.post(
    "/growth-accounting",
    response=answers(GrowthAnswer),
    summary="Growth accounting",
    operation_id="ask_growth_accounting",
)
def ask_growth_accounting(request: HttpRequest, asked: GrowthQuestion) -> dict[str, Any]:
    """Who is new, came again, came back, stayed away?"""
    return answered(request, "growth_accounting", asked)


@router.post("/stages", response=answers(StagesAnswer), summary="Stages reached", operation_id="ask_stages")
def ask_stages(request: HttpRequest, asked: StagesQuestion) -> dict[str, Any]:
    """How many customers reached each stage, from exposure to repurchase?"""
    return answered(request, "stages", asked)


@router.post("/overview", response=answers(OverviewAnswer), summary="Overview", operation_id="ask_overview")
def ask_overview(request: HttpRequest, asked: OverviewQuestion) -> dict[str, Any]:
    """How did the last days compare with the days before, and which factor moved the revenue?"""
    return answered(request, "overview", asked)


@router.post("/rfm", response=answers(RfmAnswer), summary="Value segments", operation_id="ask_rfm")
def ask_rfm(request: HttpRequest, asked: RfmQuestion) -> dict[str, Any]:
    """How recently, how often and for how much did customers order, and which value segment is that?"""
    return answered(request, "rfm", asked)


@router.post(
    "/rfm-movement",
    response=answers(MovementAnswer),
    summary="Movement between value segments",
    operation_id="ask_rfm_movement",
    by_alias=True,
)
def ask_rfm_movement(request: HttpRequest, asked: MovementQuestion) -> dict[str, Any]:
    """How many customers went from each segment to each between two days?"""
    return answered(request, "rfm_movement", asked)


@router.post(
    "/customers",
    response=answers(CustomerPage),
    summary="Customers behind a number",
    operation_id="ask_customers",
)
def ask_customers(request: HttpRequest, asked: WhoQuestion) -> dict[str, Any]:
    """Who is counted in a number of an answer? Oldest customers first, a page at a time."""
    sight = sight_of(request)
    answer = answer_of(sight, asked.question, asked.given())
    ids = members(answer, asked.question, asked.of)
    chosen, place = after(ids, asked.place, asked.limit)
    found = workspace().customers(among=chosen, limit=max(len(chosen), 1)).rows if chosen else []
    by_id = {row.customer_id: row for row in sight.rows(found)}
    items = [CustomerRow(**texts(by_id[each], "revenue")) for each in chosen if each in by_id]
    return {"items": items, "next": packed(place), "total": len(ids)}
