"""Questions of behaviour, with the parameters and the JSON they have in Python."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from wotu.api.asking import answered
from wotu.api.schemas.behaviour import GrowthPathAnswer, GrowthPathQuestion, PathsAnswer, PathsQuestion
from wotu.api.schemas.errors import answers

router = Router(tags=["Questions"])


@router.post("/paths", response=answers(PathsAnswer), summary="Paths", operation_id="ask_paths")
def ask_paths(request: HttpRequest, asked: PathsQuestion) -> dict[str, Any]:
    """Which way do customers go in a session: on from a start, up to an end, or from one to the other?"""
    return answered(request, "paths", asked)


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
