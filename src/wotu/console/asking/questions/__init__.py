"""The questions of the workbench, by name, in the order they are offered."""

from __future__ import annotations

from wotu.console.asking.declaring import Question
from wotu.console.asking.questions.active_customers import ACTIVE_CUSTOMERS
from wotu.console.asking.questions.activity import ACTIVITY
from wotu.console.asking.questions.aha import AHA
from wotu.console.asking.questions.events import EVENTS
from wotu.console.asking.questions.funnel import FUNNEL
from wotu.console.asking.questions.growth_accounting import GROWTH_ACCOUNTING
from wotu.console.asking.questions.growth_path import GROWTH_PATH
from wotu.console.asking.questions.habit_loop import HABIT_LOOP
from wotu.console.asking.questions.output import OUTPUT
from wotu.console.asking.questions.paths import PATHS
from wotu.console.asking.questions.retention import RETENTION
from wotu.console.asking.questions.separation import SEPARATION
from wotu.console.asking.questions.sessions import SESSIONS
from wotu.console.asking.questions.smart_path import SMART_PATH
from wotu.console.asking.questions.step_doctor import STEP_DOCTOR
from wotu.console.asking.questions.stickiness import STICKINESS

_OFFERED = (
    EVENTS, FUNNEL, STEP_DOCTOR, SEPARATION, RETENTION, PATHS, SMART_PATH, SESSIONS, ACTIVITY, OUTPUT, STICKINESS,
    ACTIVE_CUSTOMERS, GROWTH_ACCOUNTING, GROWTH_PATH, AHA, HABIT_LOOP,
)  # fmt: skip
QUESTIONS: dict[str, Question] = {each.name: each for each in _OFFERED}
