"""Step doctor: why do customers stop between two steps of a funnel: motivation, friction, prompt or reward?

Everybody whose credited attempt of the ordered funnel came to ``step`` either went on to the next step within
``within`` of the attempt's start or stopped. For each of twelve signals the two groups stand side by side:

- motivation, in the time ``before`` the step: views and searches, earlier visits, a price seen (also on the step);
- friction, from the step to the next or to the end of the visit (silence longer than the session gap), whichever comes
  first: time, pages, fields, errors, going back to an earlier step or the same;
- prompt: a message or a slot ``shortly`` before the step or in the time friction looks at;
- reward: a coupon or discount offered before the next step, and taken.

Shares are compared by Newcombe's interval, means of counts by Welch's, medians by order statistics, all at 95 %. The
standardised difference (shares and means ÷ their spread; times by their logarithm) makes them comparable: of the
signals whose interval leaves out 0 the largest differs most. Time is left out of that: a visit ends with its last
event, so that who stops seems quick. What the data do not hold has no estimate and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from wotu.core.durations import parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.core.properties import property_column
from wotu.insight.funnel_question import Funnel, Step, check_steps, duration
from wotu.insight.step_doctor_answer import DoctorAnswer, answered
from wotu.insight.step_doctor_fold import StepDoctor, fold
from wotu.insight.step_doctor_kernel import AFTER_STEPS
from wotu.timeline.manifest import Manifest
from wotu.timeline.questions import EventSet, EventSpec, Moment, Source, event_set

VIEWS = ("Product Viewed", "Products Searched")
MESSAGES = ("Message Sent", "Message Delivered", "Message Opened", "Message Clicked")
ERROR_WORDS = ("error", "failed", "failure", "错误", "失败", "报错", "异常")
PRICES, OFFERS = ("price",), ("coupon", "discount")
# In no event: what stands for a set that the data do not have.
_NOTHING = EventSet("nothing", (("", None),))


def step_doctor(
    source: Source, steps: Sequence[EventSpec], *, step: int = 1, within: str = "7d", before: str = "30d",
    shortly: str = "1d", views: EventSpec = VIEWS, pages: EventSpec | None = None, fields: EventSpec | None = None,
    errors: EventSpec | None = None, messages: EventSpec = MESSAGES, slots: EventSpec = "Exposed",
    offers: EventSpec | None = None, taken: EventSpec = "Coupon Redeemed", min_customers: int = 30,
    since: Moment = None, until: Moment = None, where: str | Mapping[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> DoctorAnswer:  # fmt: skip
    """Why do customers stop between ``step`` and the next: motivation, friction, prompt or reward?

    ``steps``, ``within``: as in an ordered funnel. ``before``: how long before the step intent and rewards are looked
    for, ``shortly``: prompts. What counts as what: ``views``, ``pages`` (else all pages and screens), ``fields``
    (events of filling in a form), ``errors`` (else the names that speak of an error), ``messages``, ``slots``,
    ``offers`` (beside every event with a coupon or a discount), ``taken``. ``min_customers``: how many must have gone
    on, and stopped.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    checked = check_steps(steps, source.manifest)
    _check_step(step, checked, min_customers)
    given = {
        "views": views, "pages": pages, "fields": fields, "errors": errors or _errors(source.manifest),
        "messages": messages, "slots": slots, "offered": offers, "taken": taken,
    }  # fmt: skip
    sets = {name: _set(given[name], source.manifest, "offers" if name == "offered" else name) for name in AFTER_STEPS}
    question = StepDoctor(
        funnel=Funnel(
            steps=checked, within=duration(within, "within"), order="ordered", exclude=(), hold=None, by=None,
            session_gap=0, view="steps", scope=scope,
        ),
        step=step - 1, sets=tuple(sets.values()), prices=_known(PRICES, source.manifest),
        offers=_known(OFFERS, source.manifest), every_page=pages is None, before=parse_duration(before, field="before"),
        shortly=parse_duration(shortly, field="shortly"), gap=source.session_gap,
    )  # fmt: skip
    return answered(question, source.run(partial(fold, question)), source, min_customers)


def _check_step(step: int, checked: Sequence[Step], min_customers: int) -> None:
    if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step < len(checked):
        raise invalid_argument(
            "step",
            f"step={step!r} must be a step with one after it, from 1 to {len(checked) - 1}.",
            Reason.NO_SUCH_STEP,
            most=len(checked) - 1,
        )
    for place in (step - 1, step):
        if checked[place].optional:
            raise invalid_argument(
                "step", f"step={step}: step {place + 1} is optional, and may be left out.", Reason.OPTIONAL_STEP
            )
    if not isinstance(min_customers, int) or min_customers < 2:
        raise invalid_argument(
            "min_customers", f"min_customers={min_customers!r} must be at least 2.", Reason.TOO_SMALL, least=2
        )


def _set(events: EventSpec | None, manifest: Manifest, field: str) -> EventSet:
    return event_set(events, manifest, field=field) if events else _NOTHING


def _errors(manifest: Manifest) -> list[str]:
    return [name for name in manifest.events if any(word in name.lower() for word in ERROR_WORDS)]


def _known(names: tuple[str, ...], manifest: Manifest) -> tuple[str, ...]:
    """The properties that some event ever carried."""
    return tuple(name for name in names if property_column(name) in manifest.properties)
