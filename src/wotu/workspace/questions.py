"""The questions a workspace answers about behaviour: a method each, with the parameters of its file in ``insight``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from wotu.insight.active_customers import active_customers
from wotu.insight.activity import activity
from wotu.insight.aha import aha
from wotu.insight.events import events
from wotu.insight.funnel import funnel
from wotu.insight.growth_accounting import growth_accounting
from wotu.insight.habit_loop import habit_loop
from wotu.insight.output import output
from wotu.insight.paths import paths
from wotu.insight.retention import retention
from wotu.insight.separation import separation
from wotu.insight.sessions import sessions
from wotu.insight.smart_path import smart_path
from wotu.insight.step_doctor import step_doctor
from wotu.insight.stickiness import stickiness
from wotu.score.growth_path import growth_path
from wotu.timeline.questions import Source

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Asked(Protocol):
    """What can be asked: it knows what questions read."""

    def source(self) -> Source:
        """The current timelines, with the settings of the workspace."""


def asks(
    question: Callable[Concatenate[Source, Parameters], Answer],
) -> Callable[Concatenate[Asked, Parameters], Answer]:
    """``question`` as a method, asked of the current timelines."""

    @wraps(question)
    def method(self: Asked, /, *arguments: Parameters.args, **parameters: Parameters.kwargs) -> Answer:
        return question(self.source(), *arguments, **parameters)

    return method


class Questions:
    """The questions, by the words that the command line, the API and the console use too."""

    active_customers = asks(active_customers)
    activity = asks(activity)
    aha = asks(aha)
    events = asks(events)
    funnel = asks(funnel)
    growth_accounting = asks(growth_accounting)
    growth_path = asks(growth_path)
    habit_loop = asks(habit_loop)
    output = asks(output)
    paths = asks(paths)
    retention = asks(retention)
    separation = asks(separation)
    sessions = asks(sessions)
    smart_path = asks(smart_path)
    stickiness = asks(stickiness)
    step_doctor = asks(step_doctor)
