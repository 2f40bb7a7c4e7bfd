"""Questions of behaviour, with the parameters and the JSON they have in Python."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from wotu.api.asking import answered
from wotu.api.schemas.behaviour import (
    AhaAnswer,
    AhaQuestion,
    GrowthPathAnswer,
    GrowthPathQuestion,
    HabitLoopAnswer,
    HabitLoopQuestion,
    StepDoctorAnswer,
    StepDoctorQuestion,
)
from wotu.api.schemas.errors import answers
from wotu.api.schemas.funnels import (
    FunnelAnswer,
    FunnelQuestion,
    RetentionAnswer,
    RetentionQuestion,
    SeparationAnswer,
    SeparationQuestion,
)
from wotu.api.schemas.paths import PathsAnswer, PathsQuestion, SmartPathAnswer, SmartPathQuestion
from wotu.api.schemas.visits import (
    ActiveCustomersAnswer,
    ActiveCustomersQuestion,
    ActivityAnswer,
    ActivityQuestion,
    OutputAnswer,
    OutputQuestion,
    SessionsAnswer,
    SessionsQuestion,
    StickinessAnswer,
    StickinessQuestion,
)

router = Router(tags=["Questions"])


@router.post("/funnel", response=answers(FunnelAnswer), summary="Funnel", operation_id="ask_funnel", exclude_unset=True)
def ask_funnel(request: HttpRequest, asked: FunnelQuestion) -> dict[str, Any]:
    """How many customers did the steps one after another, in time, and who stopped where?"""
    return answered(request, "funnel", asked)


@router.post(
    "/separation",
    response=answers(SeparationAnswer),
    summary="What separates those who went on",
    operation_id="ask_separation",
    by_alias=True,
)
def ask_separation(request: HttpRequest, asked: SeparationQuestion) -> dict[str, Any]:
    """What tells those who went on from a step of a funnel from those who stopped there?"""
    return answered(request, "separation", asked)


@router.post(
    "/retention",
    response=answers(RetentionAnswer),
    summary="Retention",
    operation_id="ask_retention",
    exclude_unset=True,
)
def ask_retention(request: HttpRequest, asked: RetentionQuestion) -> dict[str, Any]:
    """Of the customers born in each period, how many came back in the periods after it?"""
    return answered(request, "retention", asked)


@router.post("/habit-loop", response=answers(HabitLoopAnswer), summary="Habit loop", operation_id="ask_habit_loop")
def ask_habit_loop(request: HttpRequest, asked: HabitLoopQuestion) -> dict[str, Any]:
    """How often do customers go round the loop of trigger, action, reward and investment, and do they come unasked?"""
    return answered(request, "habit_loop", asked)


@router.post("/paths", response=answers(PathsAnswer), summary="Paths", operation_id="ask_paths")
def ask_paths(request: HttpRequest, asked: PathsQuestion) -> dict[str, Any]:
    """Which way do customers go in a session: on from a start, up to an end, or from one to the other?"""
    return answered(request, "paths", asked)


@router.post(
    "/smart-path", response=answers(SmartPathAnswer), summary="Routes to a goal", operation_id="ask_smart_path"
)
def ask_smart_path(request: HttpRequest, asked: SmartPathQuestion) -> dict[str, Any]:
    """By which routes do customers come to a goal, and who set out and did not arrive?"""
    return answered(request, "smart_path", asked)


@router.post("/aha", response=answers(AhaAnswer), summary="Aha moments", operation_id="ask_aha")
def ask_aha(request: HttpRequest, asked: AhaQuestion) -> dict[str, Any]:
    """Which behaviour in the first days tells the customers who stay from those who do not?"""
    return answered(request, "aha", asked)


@router.post(
    "/growth-path",
    response=answers(GrowthPathAnswer),
    summary="Growth path",
    operation_id="ask_growth_path",
    by_alias=True,
)
def ask_growth_path(request: HttpRequest, asked: GrowthPathQuestion) -> dict[str, Any]:
    """From which lifecycle stage to which do customers go, how long do they stay, and who is stuck?"""
    return answered(request, "growth_path", asked)


@router.post(
    "/step-doctor",
    response=answers(StepDoctorAnswer),
    summary="Step doctor",
    operation_id="ask_step_doctor",
    by_alias=True,
)
def ask_step_doctor(request: HttpRequest, asked: StepDoctorQuestion) -> dict[str, Any]:
    """Why do customers stop between a step and the next: motivation, friction, prompt or reward?"""
    return answered(request, "step_doctor", asked)


@router.post("/stickiness", response=answers(StickinessAnswer), summary="Stickiness", operation_id="ask_stickiness")
def ask_stickiness(request: HttpRequest, asked: StickinessQuestion) -> dict[str, Any]:
    """On how many days was each customer active, and what share of them comes on one day?"""
    return answered(request, "stickiness", asked)


@router.post("/sessions", response=answers(SessionsAnswer), summary="Visits", operation_id="ask_sessions")
def ask_sessions(request: HttpRequest, asked: SessionsQuestion) -> dict[str, Any]:
    """How many visits were there, by how many customers, how long and how full?"""
    return answered(request, "sessions", asked)


@router.post("/activity", response=answers(ActivityAnswer), summary="Activity", operation_id="ask_activity")
def ask_activity(request: HttpRequest, asked: ActivityQuestion) -> dict[str, Any]:
    """How long and how full is a visit, how often do customers visit, how long do they stay away between?"""
    return answered(request, "activity", asked)


@router.post("/output", response=answers(OutputAnswer), summary="Output of visits", operation_id="ask_output")
def ask_output(request: HttpRequest, asked: OutputQuestion) -> dict[str, Any]:
    """How many conversions and how much revenue does a visit bring, and a customer?"""
    return answered(request, "output", asked)


@router.post(
    "/active-customers",
    response=answers(ActiveCustomersAnswer),
    summary="Active customers",
    operation_id="ask_active_customers",
)
def ask_active_customers(request: HttpRequest, asked: ActiveCustomersQuestion) -> dict[str, Any]:
    """Who did the key behaviour often enough in each period, and who was lost?"""
    return answered(request, "active_customers", asked)
