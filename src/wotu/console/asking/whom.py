"""Whom a number of an answer counted: the question again, and which of its numbers it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wotu.accounts.sight import Sight
from wotu.console.asking.answering import answer_of
from wotu.console.asking.declaring import Asked
from wotu.console.asking.forms import asked_of
from wotu.console.asking.questions import QUESTIONS
from wotu.console.asking.sealing import is_sealed, unsealed
from wotu.core.errors import invalid_argument

_LONGEST = 6_000


@dataclass(frozen=True)
class AskedWhom:
    """Customers of ``asked`` whom ``pick`` names: arguments of the answer's ``customers``."""

    text: str
    asked: Asked
    pick: dict[str, Any]
    sight: Sight

    @classmethod
    def read(cls, text: str, sight: Sight) -> AskedWhom:
        """Whom an address names; raises when it cannot be understood."""
        try:
            named = json.loads(text[:_LONGEST])
            question, parameters, pick = QUESTIONS[named["question"]], named.get("parameters", {}), named["pick"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise invalid_argument("who", "who is not a question with a pick of its customers.") from error
        if not isinstance(pick, dict):
            raise invalid_argument("who", "who.pick must name arguments.")
        return cls(text[:_LONGEST], asked_of(question, parameters), pick, sight)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The part of an address that names them."""
        return [("who", self.text)]

    @property
    def words(self) -> str:
        """Who they are, in the language of the page."""
        question = self.asked.question
        pick = unsealed(self.pick, self._answer) if is_sealed(self.pick) else self.pick
        return f"{question.title} · {self.sight.text(question.whom(self.asked.parameters, pick))}"

    def customers(self) -> list[str]:
        """Their ids."""
        answer = self._answer
        try:
            return list(answer.customers(**unsealed(self.pick, answer)))
        except (TypeError, AttributeError) as error:
            raise invalid_argument("who", "who.pick names nobody whom the answer counted.") from error

    @cached_property
    def _answer(self) -> Any:
        return answer_of(self.asked, self.sight).answer
