"""The funnel: of those who did the first step, how many did the next ones in time, and who stopped where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import histogram, shares
from wotu.console.asking.drawing import steps as draw_steps
from wotu.console.asking.durations import duration_words
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    COMPARE,
    EXCLUDE,
    HOLD,
    ORDER,
    STEPS,
    TIMEZONE,
    TOP,
    WHERE,
    WITHIN,
    before_words,
    group_name,
    ranged,
    waited,
)
from wotu.console.asking.times import Times
from wotu.console.vocabulary import event_name

_MOST_GROUPS = 6


def present(given: Given) -> Found:
    """A bar per step, a row per step (or value of the breakdown), and where most are lost."""
    answer = given.answer
    steps = answer.steps
    chart = Chart("funnel", _("Customers who reached each step"), _chart(given), _said(given))
    table = _groups_table(given) if answer.groups else _steps_table(given)
    charts = (chart, *_more(given))
    return Found(_finding(given), charts, table, _facts(given), is_empty=not steps[0].customers)


def _more(given: Given) -> tuple[Chart, ...]:
    """The histogram of times from start to end, or conversion by day, where the question wants one."""
    answer = given.answer
    if given.asked["view"] == "times" and answer.times:
        labels = [_time_range(each) for each in answer.times]
        values = [each.customers for each in answer.times]
        return (Chart("times", _("Time from start to end"), histogram(_("customers"), labels, values)),)
    if given.asked["view"] == "trend" and answer.trend:
        times = Times(tuple(each.time for each in answer.trend), "day")
        drawn = shares(_("Conversion"), times.places, [each.conversion for each in answer.trend], times.layout())
        return (Chart("trend", _("Conversion by day of start"), drawn, times=times),)
    return ()


def _time_range(each: Any) -> str:
    if each.to_seconds is None:
        return f"≥ {waited(each.from_seconds)}"
    return f"{waited(each.from_seconds)} – {waited(each.to_seconds)}"


def whom(parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    named = [event_name(_event(each)) for each in parameters.get("steps", ())]
    step = pick.get("step", 1)
    path = " → ".join(named[:step]) if isinstance(step, int) and named else str(step)
    words = _("%(steps)s, and no further") if pick.get("dropped") else "%(steps)s"
    group = f" · {pick['group']}" if pick.get("group") else ""
    return words % {"steps": path} + group


def _event(entry: Any) -> str:
    return str(entry.get("event", "")) if isinstance(entry, Mapping) else str(entry)


def _finding(given: Given) -> str:
    steps, within = given.answer.steps, duration_words(given.asked["within"])
    last = steps[-1]
    if not steps[0].customers:
        return _("Nobody did %(event)s in the period.") % {"event": _name(given, steps[0])}
    words = {
        "share": figures.percent(last.from_start), "first": _name(given, steps[0]), "last": _name(given, last),
        "number": figures.count(steps[0].customers), "within": within,
    }  # fmt: skip
    whole = _("%(share)s of the %(number)s customers who did %(first)s reached %(last)s within %(within)s.") % words
    lost = _worst(steps)
    if lost is None:
        return whole
    before, after, number = lost
    where = {"before": _name(given, before), "after": _name(given, after), "lost": figures.count(number)}
    most = _("Most are lost between %(before)s and %(after)s: %(lost)s.") % where
    return whole + ("" if figures.locale().language == "zh" else " ") + most


def _worst(steps: Sequence[Any]) -> tuple[Any, Any, int] | None:
    required = [each for each in steps if not each.optional]
    pairs = [(a, b, a.customers - b.customers) for a, b in pairwise(required)]
    lost = max(pairs, key=lambda pair: pair[2], default=None)
    return lost if lost and lost[2] and len(pairs) > 1 else None


def _facts(given: Given) -> tuple[Fact, ...]:
    first, last = given.answer.steps[0], given.answer.steps[-1]
    before = given.before.steps if given.before is not None else None
    return (
        _count_fact(given, _("Started"), first, before and before[0]),
        _count_fact(given, _("Reached the end"), last, before and before[-1]),
        Fact(
            _("Conversion"), figures.percent(last.from_start), figures.exact(last.from_start, "rate", given.currency),
            figures.change(last.from_start, before[-1].from_start, "rate") if before else None,
            figures.percent(before[-1].from_start) if before else "",
        ),
    )  # fmt: skip


def _count_fact(given: Given, name: str, step: Any, before: Any) -> Fact:
    return Fact(
        name, figures.count(step.customers), figures.count_exact(step.customers),
        figures.change(step.customers, before.customers, "count") if before else None,
        figures.count(before.customers) if before else "", "good",
        given.pick(step=step.step) if step.customers else None,
    )  # fmt: skip


def _chart(given: Given) -> Any:
    answer = given.answer
    names = [f"{each.step}  {_name(given, each)}" for each in answer.steps]
    if answer.groups:
        series = [
            (group_name(each.value, given.sight), *_bars(given, each.steps, each.value))
            for each in answer.groups[:_MOST_GROUPS]
        ]
        return draw_steps(names, series)
    series = [(_("this period") if given.before else "", *_bars(given, answer.steps, None))]
    if given.before is not None:
        values, shown, _who = _bars(given, given.before.steps, None)
        series.append((before_words(given), values, shown, [""] * len(names)))
    # The time before is the same colour, paler.
    return draw_steps(names, series, tints=(0, 4))


def _bars(given: Given, steps: Sequence[Any], group: str | None) -> tuple[list[int], list[str], list[str]]:
    values = [each.customers for each in steps]
    shown = [
        figures.count(each.customers) + (f" · {figures.percent(each.from_start)}" if each.step > 1 else "")
        for each in steps
    ]
    return values, shown, [given.href(_pick(given, each, group)) for each in steps]


def _said(given: Given) -> str:
    return "; ".join(f"{_name(given, each)} {figures.count(each.customers)}" for each in given.answer.steps)


def _steps_table(given: Given) -> Table:
    heads = columns(
        _("Step"), _("Customers"), _("Of the start"), _("Of the step before"), _("Stopped here"),
        _("Median time"), _("90 % within"),
    )  # fmt: skip
    steps = given.answer.steps
    rows = []
    for each in steps:
        following = next((later for later in steps if later.step > each.step and not later.optional), None)
        stopped = None if following is None or each.optional else each.customers - following.customers
        rows.append(
            (
                Cell(f"{each.step}  {_name(given, each)}", each.event, tag=_("optional") if each.optional else ""),
                Cell(figures.count(each.customers), each.customers, _pick(given, each, None)),
                Cell(figures.percent(each.from_start), each.from_start),
                Cell(figures.percent(each.from_previous), each.from_previous),
                Cell(figures.count(stopped), stopped, given.pick(step=each.step, dropped=True) if stopped else None),
                Cell(waited(each.median_seconds), each.median_seconds),
                Cell(waited(each.p90_seconds), each.p90_seconds),
            )
        )
    return Table(heads, tuple(rows))


def _groups_table(given: Given) -> Table:
    answer = given.answer
    heads = columns(
        str(given.asked.question.field("by").label), *(f"{each.step}  {_name(given, each)}" for each in answer.steps),
        _("Conversion"), _("Median time"),
    )  # fmt: skip
    everybody = _group_row(given, _("everybody"), None, answer.steps)
    rows = [_group_row(given, group_name(each.value, given.sight), each.value, each.steps) for each in answer.groups]
    return Table(heads, (everybody, *rows))


def _group_row(given: Given, name: str, value: str | None, steps: Sequence[Any]) -> tuple[Cell, ...]:
    last = steps[-1]
    counts = [Cell(figures.count(each.customers), each.customers, _pick(given, each, value)) for each in steps]
    rate = Cell(figures.percent(last.from_start), last.from_start)
    return (Cell(name, name), *counts, rate, Cell(waited(last.median_seconds), last.median_seconds))


def _pick(given: Given, step: Any, group: str | None) -> Mapping[str, Any] | None:
    if not step.customers:
        return None
    return given.pick(step=step.step, **({"group": group} if group is not None else {}))


def _name(given: Given, step: Any) -> str:
    return " / ".join(given.sight.text(event_name(each)) for each in step.event.split(" | "))


FUNNEL = Question(
    name="funnel",
    title=pgettext_lazy("question", "Funnel"),
    asks=gettext_lazy("Of those who did one thing, how many went on to the next, how soon, and who stopped where?"),
    sentence=gettext_lazy("Of customers who did {steps} within {within}, split by {by}"),
    fields=(
        STEPS,
        WITHIN,
        Field("by", "attributed", gettext_lazy("Split by")),
        ranged(),
        Field(
            "count", "choice", gettext_lazy("Count"), "customers",
            (("customers", pgettext_lazy("count", "customers")), ("sessions", pgettext_lazy("count", "visits"))),
        ),
        Field(
            "view", "choice", gettext_lazy("Show also"), "steps",
            (
                ("steps", pgettext_lazy("funnel", "the steps alone")),
                ("times", pgettext_lazy("funnel", "time from start to end")),
                ("trend", pgettext_lazy("funnel", "conversion by day of start")),
            ),
        ),
        WHERE,
        AUDIENCE,
        COMPARE,
        ORDER,
        HOLD,
        Field(
            "bins", "bins", gettext_lazy("Bars of times"), sample="10m, 1h, 1d", rare=True,
            hint=gettext_lazy("Of the time from start to end: how many, or the times between them."),
        ),
        TOP,
        TIMEZONE,
        EXCLUDE,
    ),
    definition=(
        gettext_lazy("An attempt starts at every event that matches step 1."),
        gettext_lazy("Its later steps are the earliest that match, all within the time from its start."),
        gettext_lazy("A customer is counted once, with the attempt that gets furthest."),
        gettext_lazy("Attempts that start in the period count; their later steps may lie after it."),
        gettext_lazy("Times are from the step before, of the attempts that are counted."),
    ),
    present=present,
    whom=whom,
    compares=True,
)  # fmt: skip
