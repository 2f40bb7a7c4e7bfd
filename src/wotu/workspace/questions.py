"""The questions a workspace answers about behaviour: a method each, with the parameters of its file in ``insight``.

A file is read when its question is first looked at or asked: its kernels are most of what a process would wait
for when it starts, and few processes ask more than a few questions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from importlib import import_module
from types import MethodType
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

import wotu.insight
import wotu.score
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    import wotu.insight.active_customers
    import wotu.insight.activity
    import wotu.insight.aha
    import wotu.insight.events
    import wotu.insight.funnel
    import wotu.insight.growth_accounting
    import wotu.insight.habit_loop
    import wotu.insight.output
    import wotu.insight.paths
    import wotu.insight.retention
    import wotu.insight.separation
    import wotu.insight.sessions
    import wotu.insight.smart_path
    import wotu.insight.step_doctor
    import wotu.insight.stickiness
    import wotu.score.growth_path

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Asked(Protocol):
    """What can be asked: it knows what questions read."""

    def source(self) -> Source:
        """The current timelines, with the settings of the workspace."""


class Question(Generic[Parameters, Answer]):
    """A method that asks the function of a file of the current timelines, and reads the file when it is needed."""

    def __init__(self, file: str, function: Callable[[], Callable[Concatenate[Source, Parameters], Answer]]) -> None:
        self._file = file
        self._function = function

    @overload
    def __get__(self, asked: None, of: type) -> Callable[Concatenate[Asked, Parameters], Answer]: ...

    @overload
    def __get__(self, asked: Asked, of: type) -> Callable[Parameters, Answer]: ...

    def __get__(
        self, asked: Asked | None, of: type
    ) -> Callable[Concatenate[Asked, Parameters], Answer] | Callable[Parameters, Answer]:
        return self._method if asked is None else MethodType(self._method, asked)

    @cached_property
    def _method(self) -> Callable[Concatenate[Asked, Parameters], Answer]:
        import_module(self._file)
        question = self._function()

        @wraps(question)
        def method(self: Asked, /, *arguments: Parameters.args, **parameters: Parameters.kwargs) -> Answer:
            return question(self.source(), *arguments, **parameters)

        return method


class Questions:
    """The questions, by the words that the command line, the API and the console use too."""

    active_customers = Question("wotu.insight.active_customers", lambda: wotu.insight.active_customers.active_customers)
    activity = Question("wotu.insight.activity", lambda: wotu.insight.activity.activity)
    aha = Question("wotu.insight.aha", lambda: wotu.insight.aha.aha)
    events = Question("wotu.insight.events", lambda: wotu.insight.events.events)
    funnel = Question("wotu.insight.funnel", lambda: wotu.insight.funnel.funnel)
    growth_accounting = Question(
        "wotu.insight.growth_accounting", lambda: wotu.insight.growth_accounting.growth_accounting
    )
    growth_path = Question("wotu.score.growth_path", lambda: wotu.score.growth_path.growth_path)
    habit_loop = Question("wotu.insight.habit_loop", lambda: wotu.insight.habit_loop.habit_loop)
    output = Question("wotu.insight.output", lambda: wotu.insight.output.output)
    paths = Question("wotu.insight.paths", lambda: wotu.insight.paths.paths)
    retention = Question("wotu.insight.retention", lambda: wotu.insight.retention.retention)
    separation = Question("wotu.insight.separation", lambda: wotu.insight.separation.separation)
    sessions = Question("wotu.insight.sessions", lambda: wotu.insight.sessions.sessions)
    smart_path = Question("wotu.insight.smart_path", lambda: wotu.insight.smart_path.smart_path)
    stickiness = Question("wotu.insight.stickiness", lambda: wotu.insight.stickiness.stickiness)
    step_doctor = Question("wotu.insight.step_doctor", lambda: wotu.insight.step_doctor.step_doctor)


def load_questions() -> None:
    """Load the files of all questions now, as a server does before anybody asks."""
    for name in vars(Questions):
        getattr(Questions, name)
