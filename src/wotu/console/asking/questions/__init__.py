"""The questions of the workbench, by name, in the order they are offered."""

from __future__ import annotations

from wotu.console.asking.declaring import Question
from wotu.console.asking.questions.events import EVENTS
from wotu.console.asking.questions.growth_accounting import GROWTH_ACCOUNTING

QUESTIONS: dict[str, Question] = {each.name: each for each in (EVENTS, GROWTH_ACCOUNTING)}
