"""Questions: what ``Workspace`` answers, with the same parameters and the same JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import ask
from wotu.api.callers import caller_of
from wotu.api.probing import check_filter, check_filters, check_grouping
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

router = Router(tags=["Questions"])


@router.post("/events", response=answers(EventsAnswer), summary="Events over time", operation_id="ask_events")
def ask_events(request: HttpRequest, asked: EventsQuestion) -> dict[str, Any]:
    """How often, by how many customers, with what amounts did events happen in each period?"""
    sight = _sight(request)
    check_grouping(sight, asked.by)
    answer = _answer(sight, "events", asked)
    if asked.by is None or sight.whole:
        return answer
    masked = [
        each if each["group"] is None else each | {"group": sight.text(str(each["group"]))} for each in answer["series"]
    ]
    return answer | {"series": masked}


@router.post(
    "/growth-accounting",
    response=answers(GrowthAnswer),
    summary="Growth accounting",
    operation_id="ask_growth_accounting",
)
def ask_growth_accounting(request: HttpRequest, asked: GrowthQuestion) -> dict[str, Any]:
    """Who is new, came again, came back, stayed away?"""
    return _answer(_sight(request), "growth_accounting", asked)


@router.post("/stages", response=answers(StagesAnswer), summary="Stages reached", operation_id="ask_stages")
def ask_stages(request: HttpRequest, asked: StagesQuestion) -> dict[str, Any]:
    """How many customers reached each stage, from exposure to repurchase?"""
    return _answer(_sight(request), "stages", asked)


@router.post("/overview", response=answers(OverviewAnswer), summary="Overview", operation_id="ask_overview")
def ask_overview(request: HttpRequest, asked: OverviewQuestion) -> dict[str, Any]:
    """How did the last days compare with the days before, and which factor moved the revenue?"""
    return _answer(_sight(request), "overview", asked)


@router.post("/rfm", response=answers(RfmAnswer), summary="Value segments", operation_id="ask_rfm")
def ask_rfm(request: HttpRequest, asked: RfmQuestion) -> dict[str, Any]:
    """How recently, how often and for how much did customers order, and which value segment is that?"""
    return _answer(_sight(request), "rfm", asked)


@router.post(
    "/rfm-movement",
    response=answers(MovementAnswer),
    summary="Movement between value segments",
    operation_id="ask_rfm_movement",
    by_alias=True,
)
def ask_rfm_movement(request: HttpRequest, asked: MovementQuestion) -> dict[str, Any]:
    """How many customers went from each segment to each between two days?"""
    return _answer(_sight(request), "rfm_movement", asked)


def _answer(sight: Sight, question: str, asked: Schema) -> dict[str, Any]:
    """The answer of the workspace to the parameters that were given."""
    given = asked.model_dump(exclude_unset=True)
    check_filter(sight, given.get("where"))
    for name in ("events", "rules"):
        check_filters(sight, given.get(name), name)
    found: dict[str, Any] = ask(question, **given).to_dict()
    return found


def _sight(request: HttpRequest) -> Sight:
    caller = caller_of(request)
    caller.require(Action.ASK)
    return caller.sight
