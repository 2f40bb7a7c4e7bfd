"""Random logs and questions for the questions of behaviour, crowded like those of ``strategies``.

Times sit on a coarse clock around a telling day, so that equal times, repeated steps and exact borders of windows
and sessions are common; properties are missing now and then, and some events come twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from .events import SeriesEvent, Value
from .funnel import Exclusion, Funnel, Step, anything
from .paths import Paths
from .periods import WEEKDAYS, Unit
from .retention import EventSet, Retention
from .strategies import ANCHORS, CUSTOMERS, zones

NAMES = ("A", "B", "加购", "Order Completed")
"""Four names: a step of one or two of them is met often and repeated."""

CHANNELS = ("微信", "抖音", "store")
HOUR = timedelta(hours=1)


class FunnelCase(TypedDict):
    """A log and a question of the funnel about it."""

    events: list[SeriesEvent]
    question: Funnel
    zone: ZoneInfo


class RetentionCase(TypedDict):
    """A log and a question of retention about it."""

    events: list[SeriesEvent]
    question: Retention


class PathCase(TypedDict):
    """A log and a question of paths about it."""

    events: list[SeriesEvent]
    question: Paths


class PropertyIs:
    """The filter ``property == value`` as a predicate that prints itself."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value

    def __call__(self, properties: Mapping[str, Value]) -> bool:
        return properties.get(self.name) == self.value

    def __repr__(self) -> str:
        return f"{self.name} == {self.value!r}"


property_filters = st.builds(PropertyIs, st.just("channel"), st.sampled_from(CHANNELS))
"""Filters on the one property every log has."""

properties: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(CHANNELS) | st.none(),
        "order_id": st.sampled_from(("o1", "o2", "订单3")) | st.none(),
    },
)


def timelines(
    zone: ZoneInfo,
    anchor: date,
    step: timedelta = timedelta(minutes=10),
    steps: int = 24,
    max_size: int = 24,
    names: tuple[str, ...] = NAMES,
) -> st.SearchStrategy[list[SeriesEvent]]:
    """Events in order of arrival, not of time, at ``steps`` ticks of the clock around 00:00 of ``anchor``.

    The last tick is a microsecond late, so that a border can be missed by the least there is.
    """
    midnight = datetime.combine(anchor, time(0), tzinfo=zone).astimezone(UTC)
    late = timedelta(microseconds=1)
    ticks = st.builds(
        lambda tick, slip: midnight + tick * step + slip,
        st.integers(-steps // 4, steps - steps // 4),
        st.sampled_from((timedelta(0), timedelta(0), timedelta(0), late)),
    )
    who = st.sampled_from(CUSTOMERS[:1]) | st.sampled_from(CUSTOMERS)
    rows = st.tuples(who, st.sampled_from(names), ticks, properties)

    def number(pair: tuple[list[tuple[str, str, datetime, dict[str, Value]]], int]) -> list[SeriesEvent]:
        drawn, repeated = pair
        arrived = drawn + drawn[:repeated]
        return [(customer, event, at, seq, held) for seq, (customer, event, at, held) in enumerate(arrived)]

    drawn = st.one_of(st.lists(rows, min_size=8, max_size=max_size), st.lists(rows, max_size=8))
    return st.tuples(drawn, st.integers(0, 2)).map(number)


@st.composite
def ranges(draw: st.DrawFn, zone: ZoneInfo, anchor: date, days: int = 2) -> tuple[datetime, datetime]:
    """``since`` before ``until`` near ``anchor``: mostly wide, else borders amid the events."""
    midnight = datetime.combine(anchor, time(0), tzinfo=zone).astimezone(UTC)
    if draw(st.booleans()):
        return midnight - timedelta(days=days), midnight + timedelta(days=days)
    hours = draw(st.lists(st.integers(-24 * days, 24 * days), min_size=2, max_size=2, unique=True))
    return midnight + min(hours) * HOUR, midnight + max(hours) * HOUR


names_of_step = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=2)


@st.composite
def funnel_steps(draw: st.DrawFn, *, plain: bool, max_size: int = 4) -> list[Step]:
    """Two to four steps, often alike; ``plain`` ones have no optional, within or gap."""
    steps = []
    waits = st.none() | st.none() | st.sampled_from((timedelta(minutes=20), timedelta(minutes=30), HOUR))
    for number in range(draw(st.integers(2, max_size))):
        later = number > 0 and not plain
        steps.append(
            Step(
                names=draw(names_of_step),
                passes=draw(st.just(anything) | st.just(anything) | property_filters),
                optional=later and number > 1 and draw(st.sampled_from((False, False, True))),
                within=draw(waits) if later else None,
                gap=draw(st.none() | st.sampled_from((timedelta(minutes=10), timedelta(minutes=20))))
                if later
                else None,
            )
        )
    return steps


@st.composite
def exclusions(draw: st.DrawFn, steps: list[Step]) -> list[Exclusion]:
    """No or a few exclusions between required steps."""
    required = [number for number, step in enumerate(steps, 1) if not step.optional]
    found: list[Exclusion] = []
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        after, before = sorted(draw(st.lists(st.sampled_from(required), min_size=2, max_size=2, unique=True)))
        passes = draw(st.just(anything) | property_filters)
        found.append(Exclusion(names=draw(names_of_step), after=after, before=before, passes=passes))
    return found


@st.composite
def funnel_cases(draw: st.DrawFn, *, plain: bool = False) -> FunnelCase:
    """A log and a funnel about it; ``plain`` ones are ordered, without any option."""
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    order = "ordered" if plain else draw(st.sampled_from(("ordered", "ordered", "strict", "any")))
    steps = draw(funnel_steps(plain=plain or order == "any"))
    since, until = draw(ranges(zone, anchor))
    question = Funnel(
        steps=steps,
        within=draw(st.sampled_from((timedelta(minutes=30), HOUR, 2 * HOUR, 24 * HOUR))),
        order=order,
        exclude=[] if plain or order == "any" else draw(exclusions(steps)),
        hold=None if plain else draw(st.sampled_from((None, None, "order_id"))),
        where=anything if plain else draw(st.just(anything) | property_filters),
        since=since,
        until=until,
        count="customers" if plain else draw(st.sampled_from(("customers", "customers", "sessions"))),
    )
    return {"events": draw(timelines(zone, anchor)), "question": question, "zone": zone}


def long_timelines(zone: ZoneInfo, anchor: date, unit: Unit) -> st.SearchStrategy[list[SeriesEvent]]:
    """Timelines over some days, weeks or months, with ticks of 6 hours, 2 days or 10 days."""
    step = {"hour": HOUR, "day": 6 * HOUR, "week": timedelta(days=2), "month": timedelta(days=10)}[unit]
    return timelines(zone, anchor, step, steps=20)


@st.composite
def long_ranges(draw: st.DrawFn, zone: ZoneInfo, anchor: date, unit: Unit) -> tuple[datetime, datetime]:
    """A range of a few periods of ``unit`` near ``anchor``, its borders amid periods or at their ends."""
    days = {"hour": 1, "day": 4, "week": 35, "month": 150}[unit]
    midnight = datetime.combine(anchor, time(0), tzinfo=zone).astimezone(UTC)
    if draw(st.booleans()):
        return midnight - timedelta(days=days), midnight + timedelta(days=days)
    picked = draw(st.lists(st.integers(-days * 2, days * 2), min_size=2, max_size=2, unique=True))
    return midnight + min(picked) * 12 * HOUR, midnight + max(picked) * 12 * HOUR


event_sets = st.builds(
    EventSet,
    names=st.none() | names_of_step,
    passes=st.just(anything) | st.just(anything) | property_filters,
)


@st.composite
def retention_cases(draw: st.DrawFn) -> RetentionCase:
    """A log and a question of retention about it; ``now`` may lie before ``until``."""
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    unit: Unit = draw(st.sampled_from(("day", "day", "week", "month")))
    since, until = draw(long_ranges(zone, anchor, unit))
    brackets = draw(st.sampled_from((None, None, [(1, 1), (2, 3)], [(1, 2), (4, 6), (3, 3)])))
    question = Retention(
        born=draw(event_sets),
        returns=draw(event_sets),
        unit=unit,
        mode="on" if brackets else draw(st.sampled_from(("on", "within", "on_or_after"))),
        cohort=draw(st.sampled_from(("first", "first_ever", "every"))),
        min_count=draw(st.sampled_from((1, 1, 2))),
        periods=draw(st.sampled_from((None, 0, 1, 4))),
        brackets=brackets,
        rolling=draw(st.sampled_from((False, False, True))),
        since=since,
        until=until,
        now=until + draw(st.sampled_from((timedelta(0), timedelta(days=30), timedelta(days=-1)))),
        zone=zone,
        week_start=draw(st.sampled_from(WEEKDAYS)),
    )
    return {"events": draw(long_timelines(zone, anchor, unit)), "question": question}


@st.composite
def path_cases(draw: st.DrawFn) -> PathCase:
    """A log with visits of ten-minute steps and a question of paths about it."""
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    since, until = draw(ranges(zone, anchor))
    question = Paths(
        start=draw(st.none() | names_of_step),
        end=draw(st.none() | st.none() | names_of_step),
        steps=draw(st.sampled_from((2, 3, 5, 10))),
        gap=draw(st.sampled_from((timedelta(minutes=10), timedelta(minutes=30)))),
        top=draw(st.sampled_from((1, 2, 20))),
        where=draw(st.just(anything) | st.just(anything) | property_filters),
        since=since,
        until=until,
    )
    return {"events": draw(timelines(zone, anchor)), "question": question}


@st.composite
def path_patterns(draw: st.DrawFn) -> str:
    """A pattern of one to four items over the names of the logs."""
    quoted = st.sampled_from([f'"{name}"' for name in NAMES])
    item = st.one_of(
        quoted,
        st.sampled_from((".", "..")),
        quoted.map("!{}".format),
        st.tuples(quoted, quoted).map(lambda pair: f"({pair[0]}|{pair[1]})"),
    )
    ends = st.sampled_from(("", "", "+", "*", "?"))
    words = draw(st.lists(st.tuples(item, ends), min_size=1, max_size=4))
    return " ".join(word if word == ".." else word + end for word, end in words)
