"""What a question is to the console: a declaration, from which everything else comes.

``Question.fields`` are its parameters; ``Question.sentence`` names those that are filled in within it, the others
stand beside it, those that are rare under *More choices*. A question that was asked is ``{"question": name,
"parameters": {…}}`` (``Asked.to_dict``): the parameters are those of the workspace's method, and besides ``last``
(``"28d"``, days up to now, in place of ``since``) and ``compare`` (``"previous"``, ``"year"`` or a range
``"2026-01-01..2026-02-01"``). What is left out takes the default of its field, so saved questions stay short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

Parameters = Mapping[str, Any]
Words = str | Promise


@dataclass(frozen=True)
class Field:
    """One parameter. ``kind`` says how it is filled in (see ``asking.kinds``); ``label`` names it where it stands
    alone. ``options`` are those of a choice; ``least`` is the fewest entries of a list, or the smallest number.

    A list whose entries stand in an order (``ordered``) is one of steps. ``extras`` are what an entry may say besides
    its event: of a step ``optional``, ``within`` and ``gap``, of an exclusion ``after`` and ``before``. Between entries
    stand the words ``between``, and ``after_first`` behind the first. ``none`` says what it means to choose nothing,
    ``sample`` what may be written, ``hint`` how. A ``rare`` field is folded away under *More choices*.
    """

    name: str
    kind: str
    label: Words
    default: Any = None
    options: tuple[tuple[str, Words], ...] = ()
    least: int = 0
    most: int = 0
    between: Words = ""
    after_first: Words = ""
    none: Words = ""
    ordered: bool = False
    lettered: bool = False
    extras: tuple[str, ...] = ()
    sample: Words = ""
    hint: Words = ""
    rare: bool = False


@dataclass(frozen=True)
class Question:
    """A question by the name of its method. ``present`` makes its answer readable, ``whom`` names the customers
    whom a number counted (the arguments of the answer's ``customers``)."""

    name: str
    title: Words
    asks: Words
    sentence: Words
    fields: tuple[Field, ...]
    definition: tuple[Words, ...]
    present: Callable[[Any], Any]
    whom: Callable[[Parameters, Parameters], str]
    compares: bool = False

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(each for each in self.fields if each.name == name)


@dataclass(frozen=True)
class Asked:
    """A question with its parameters, checked; what cannot be understood is in no ``Asked``."""

    question: Question
    parameters: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """A parameter, or the default of its field."""
        return self.parameters.get(name, self.question.field(name).default)

    def to_dict(self) -> dict[str, Any]:
        """The question as it is kept and sent."""
        return {"question": self.question.name, "parameters": dict(self.parameters)}
