"""Who is behind a number of an answer: the question once more, and which of its numbers."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema
from pydantic import ValidationError

from wotu.api.schemas.behaviour import AhaQuestion, GrowthPathQuestion, HabitLoopQuestion, StepDoctorQuestion
from wotu.api.schemas.funnels import FunnelQuestion, RetentionQuestion, SeparationQuestion
from wotu.api.schemas.pages import Paging
from wotu.api.schemas.paths import PathsQuestion, SmartPathQuestion
from wotu.api.schemas.questions import (
    EventsQuestion,
    GrowthQuestion,
    MovementQuestion,
    RfmQuestion,
    StagesQuestion,
)
from wotu.api.schemas.visits import (
    ActiveCustomersQuestion,
    ActivityQuestion,
    OutputQuestion,
    SessionsQuestion,
    StickinessQuestion,
)
from wotu.core.errors import invalid_argument

QUESTIONS: dict[str, type[Schema]] = {
    "active_customers": ActiveCustomersQuestion,
    "activity": ActivityQuestion,
    "aha": AhaQuestion,
    "events": EventsQuestion,
    "funnel": FunnelQuestion,
    "growth_accounting": GrowthQuestion,
    "growth_path": GrowthPathQuestion,
    "habit_loop": HabitLoopQuestion,
    "output": OutputQuestion,
    "paths": PathsQuestion,
    "retention": RetentionQuestion,
    "rfm": RfmQuestion,
    "rfm_movement": MovementQuestion,
    "separation": SeparationQuestion,
    "sessions": SessionsQuestion,
    "smart_path": SmartPathQuestion,
    "stages": StagesQuestion,
    "step_doctor": StepDoctorQuestion,
    "stickiness": StickinessQuestion,
}


class WhoQuestion(Paging, extra="forbid"):
    """A number of an answer: the question, its parameters, and what `customers(…)` takes in Python."""

    question: str = Field(max_length=64, description="The word its answer has as `question`.", examples=["stages"])
    parameters: dict[str, Any] = Field({}, description="What the question was asked with.")
    of: dict[str, str | int | bool | list[str] | None] = Field(
        {}, description="Which number: the arguments of `customers(…)`.", examples=[{"stage": "deal"}]
    )

    def given(self) -> dict[str, Any]:
        """The parameters, checked as the question itself checks them."""
        kind = QUESTIONS.get(self.question)
        if kind is None:
            known = ", ".join(sorted(QUESTIONS))
            raise invalid_argument("question", f"question={self.question!r} is not known; use one of {known}.")
        try:
            return kind.model_validate(self.parameters).model_dump(exclude_unset=True)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(["parameters", *(str(part) for part in first["loc"][:1])])
            raise invalid_argument(place, f"{place}: {first['msg']}.") from error
