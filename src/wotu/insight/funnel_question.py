"""What a funnel asks: its steps, order, exclusions and units, checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from wotu.core.durations import parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.breakdown import Breakdown, breakdown
from wotu.timeline.checking import check_name
from wotu.timeline.expression import of_customers
from wotu.timeline.manifest import Manifest
from wotu.timeline.questions import EventSet, EventSpec, Scope, Source, event_sets

Order = Literal["ordered", "strict", "any"]
Count = Literal["customers", "sessions"]
View = Literal["steps", "times", "trend"]
By = str | Mapping[str, str]
Integers = npt.NDArray[np.int64]

MOST_STEPS = 30
MOST_EXCLUSIONS = 30
FOREVER = 1 << 60
_OF_A_STEP = ("optional", "within", "gap")
_PLACES = ("last", "first_touch", "last_touch")


@dataclass(frozen=True)
class Step:
    """Events that count as this step. ``within`` and ``gap``: the most and the least µs since the step taken before."""

    events: EventSet
    optional: bool = False
    within: int = FOREVER
    gap: int = 0


@dataclass(frozen=True)
class Exclusion:
    """Events that void an attempt after its step ``after`` and before its step ``before``, counted from 0."""

    events: EventSet
    after: int
    before: int


@dataclass(frozen=True)
class Attribution:
    """Where the value of a breakdown is read: ``at`` is ``step`` (number ``step``, from 0), ``last``,
    ``first_touch`` or ``last_touch``."""

    of: Breakdown
    at: str
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The question. ``session_gap``: µs of silence that end a session; 0 when customers are counted."""

    steps: tuple[Step, ...]
    within: int
    order: Order
    exclude: tuple[Exclusion, ...]
    hold: str | None
    by: Attribution | None
    session_gap: int
    view: View
    scope: Scope

    @property
    def sets(self) -> tuple[EventSet, ...]:
        """The event sets of the steps, then of the exclusions."""
        return (*(step.events for step in self.steps), *(each.events for each in self.exclude))

    @property
    def last(self) -> int:
        """The last step that is not optional, from 0."""
        return last_required(self.steps)

    @property
    def plain(self) -> bool:
        """Whether steps in order, within one window, are all that is asked."""
        special = any(step.optional or step.gap or step.within < FOREVER for step in self.steps)
        return self.order == "ordered" and not (self.exclude or self.hold or special)


def check_steps(steps: Sequence[EventSpec], manifest: Manifest) -> tuple[Step, ...]:
    """The steps of a funnel; raises naming the step that cannot be one."""
    if isinstance(steps, (str, Mapping)) or len(steps) < 2:
        raise invalid_argument("steps", "a funnel needs a list of at least two steps.", Reason.TWO_STEPS)
    if len(steps) > MOST_STEPS:
        raise invalid_argument(
            "steps", f"{len(steps)} steps; a funnel can have {MOST_STEPS}.", Reason.TOO_MANY, most=MOST_STEPS
        )
    sets = event_sets(cast(EventSpec, [_alternatives(step) for step in steps]), manifest, field="steps")
    checked = tuple(
        _step(step, events, f"steps[{i}]") for i, (step, events) in enumerate(zip(steps, sets, strict=True))
    )
    if checked[0].optional:
        raise invalid_argument(
            "steps[0].optional", "the first step starts the attempt and cannot be optional.", Reason.FIRST_STEP
        )
    if sum(not step.optional for step in checked) < 2:
        raise invalid_argument("steps", "a funnel needs at least two steps that are not optional.", Reason.TWO_STEPS)
    return checked


def _alternatives(step: EventSpec) -> EventSpec:
    """The step as names and filters alone; a dict may name several events, its filter is of each."""
    if not isinstance(step, Mapping):
        return step
    bare = {key: value for key, value in step.items() if key not in _OF_A_STEP}
    names = bare.get("event")
    if isinstance(names, (list, tuple)):
        return [{**bare, "event": name} for name in names]
    return bare


def _step(step: object, events: EventSet, field: str) -> Step:
    if not isinstance(step, Mapping):
        return Step(events)
    optional = step.get("optional", False)
    if not isinstance(optional, bool):
        raise invalid_argument(f"{field}.optional", f"{field}.optional must be true or false.")
    within, gap = (step.get(name) for name in ("within", "gap"))
    checked = Step(
        events, optional,
        FOREVER if within is None else duration(within, f"{field}.within"),
        0 if gap is None else duration(gap, f"{field}.gap"),
    )  # fmt: skip
    if field == "steps[0]" and (within is not None or gap is not None):
        wrong = "within" if within is not None else "gap"
        raise invalid_argument(
            f"{field}.{wrong}", f"{field}.{wrong}: the first step has no step before it.", Reason.FIRST_STEP
        )
    if checked.gap > checked.within:
        raise invalid_argument(
            f"{field}.gap", f"{field}: no event can be {gap} or more and {within} or less later.", Reason.NEVER
        )
    return checked


def duration(text: object, field: str) -> int:
    """Microseconds of a duration; raises naming ``field``."""
    return min(parse_duration(cast(str, text), field=field), FOREVER)


def check_order(order: str, steps: tuple[Step, ...], exclude: object) -> Order:
    """The order of steps, and that nothing asked contradicts it."""
    if order not in get_args(Order):
        raise invalid_argument(
            "order", f"order={order!r} is not known; use one of {', '.join(get_args(Order))}.", Reason.NOT_A_CHOICE
        )
    if order == "any":
        if exclude:
            raise invalid_argument(
                "exclude",
                'exclusions need an order of steps; use order="ordered" or "strict".',
                Reason.NOT_IN_ANY_ORDER,
            )
        for number, step in enumerate(steps):
            if step != Step(step.events):
                raise invalid_argument(
                    f"steps[{number}]",
                    'with order="any" a step has no optional, within or gap of its own.',
                    Reason.NOT_IN_ANY_ORDER,
                )
    return cast(Order, order)


def check_exclude(
    exclude: Sequence[Mapping[str, object]] | None, steps: tuple[Step, ...], manifest: Manifest
) -> tuple[Exclusion, ...]:
    """The exclusions; raises naming the one that is impossible."""
    listed = [exclude] if isinstance(exclude, (str, Mapping)) else list(exclude or ())
    if len(listed) > MOST_EXCLUSIONS:
        raise invalid_argument(
            "exclude",
            f"{len(listed)} exclusions; a funnel can have {MOST_EXCLUSIONS}.",
            Reason.TOO_MANY,
            most=MOST_EXCLUSIONS,
        )
    bare = [_without_borders(entry) for entry in listed]
    sets = event_sets(cast(EventSpec, bare), manifest, field="exclude") if bare else ()
    return tuple(
        _exclusion(entry if isinstance(entry, Mapping) else {}, events, steps, f"exclude[{i}]")
        for i, (entry, events) in enumerate(zip(listed, sets, strict=True))
    )


def _without_borders(entry: EventSpec) -> EventSpec:
    if not isinstance(entry, Mapping):
        return entry
    return _alternatives({key: value for key, value in entry.items() if key not in ("after", "before")})


def _exclusion(entry: Mapping[str, object], events: EventSet, steps: tuple[Step, ...], field: str) -> Exclusion:
    borders = {"after": entry.get("after", 1), "before": entry.get("before", last_required(steps) + 1)}
    for name, step in borders.items():
        if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step <= len(steps):
            raise invalid_argument(
                f"{field}.{name}",
                f"{field}.{name}={step!r} is no step from 1 to {len(steps)}.",
                Reason.NO_SUCH_STEP,
                most=len(steps),
            )
        if steps[step - 1].optional:
            raise invalid_argument(
                f"{field}.{name}",
                f"{field}.{name}={step}: step {step} is optional, and may be left out.",
                Reason.OPTIONAL_STEP,
            )
    after, before = cast(int, borders["after"]), cast(int, borders["before"])
    if after >= before:
        raise invalid_argument(
            f"{field}.before", f"{field}: nothing can come after step {after} and before step {before}.", Reason.NEVER
        )
    return Exclusion(events, after - 1, before - 1)


def last_required(steps: tuple[Step, ...]) -> int:
    return max(number for number, step in enumerate(steps) if not step.optional)


def check_hold(hold: str | None, source: Source) -> str | None:
    """The property every step has to share."""
    if hold is not None:
        check_name(hold, source.manifest, field="hold")
        if of_customers(hold):
            raise invalid_argument(
                "hold",
                f"hold={hold!r} is the same in all events of a customer; name a property of events.",
                Reason.SAME_IN_ALL_EVENTS,
            )
    return hold


def check_by(by: By | None, steps: tuple[Step, ...], source: Source) -> Attribution | None:
    """What the answer is broken down by, and where its value is read."""
    if by is None:
        return None
    if isinstance(by, str):
        return Attribution(breakdown(by, source), "step")
    name, at = by.get("property"), by.get("at", "step:1")
    if not isinstance(name, str) or not isinstance(at, str) or set(by) - {"property", "at"}:
        raise invalid_argument("by", 'by must be a name or {"property": name, "at": "step:1"}.')
    of = breakdown(name, source, field="by.property")
    if at in _PLACES:
        return Attribution(of, at)
    number = at.removeprefix("step:")
    if not at.startswith("step:") or not number.isdecimal() or not 1 <= int(number) <= len(steps):
        places = ", ".join(_PLACES)
        raise invalid_argument(
            "by.at", f"by.at={at!r} is not known; use step:1 to step:{len(steps)}, {places}.", Reason.NOT_A_CHOICE
        )
    return Attribution(of, "step", int(number) - 1)


def check_choice(value: str, choices: tuple[str, ...], field: str) -> None:
    """Raise unless ``value`` is one of the choices."""
    if value not in choices:
        raise invalid_argument(
            field, f"{field}={value!r} is not known; use one of {', '.join(choices)}.", Reason.NOT_A_CHOICE
        )


def checked(
    source: Source, steps: Sequence[EventSpec], *, within: str, order: str,
    exclude: Sequence[Mapping[str, object]] | None, hold: str | None, scope: Scope, by: By | None = None,
    session_gap: int = 0, view: View = "steps",
) -> Funnel:  # fmt: skip
    """The question, when everything in it is possible."""
    known = check_steps(steps, source.manifest)
    return Funnel(
        steps=known, within=duration(within, "within"), order=check_order(order, known, exclude),
        exclude=check_exclude(exclude, known, source.manifest), hold=check_hold(hold, source),
        by=check_by(by, known, source), session_gap=session_gap, view=view, scope=scope,
    )  # fmt: skip
