"""Visits: how many there were, by how many customers, how long and how full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import both, colour, count_axis, layout, line, lying_bars
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    COMPARE,
    OWN_GAP,
    TIMEZONE,
    TOP,
    WEEK_START,
    WHERE,
    group_name,
    period_heading,
    period_row,
    ranged,
    units,
    waited,
)
from wotu.console.asking.times import Times
from wotu.console.vocabulary import event_name

_MOST_BARS = 12


def present(given: Given) -> Found:
    """Visits and their customers over time, or a bar per group."""
    answer = given.answer
    chart = _groups_chart(given) if answer.groups else _chart(given)
    return Found(_finding(given), (chart,), _table(given), _facts(given), is_empty=not answer.total.sessions)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    return " · ".join(str(pick[name]) for name in ("period", "group", "sessions") if pick.get(name) is not None)


def _finding(given: Given) -> str:
    total = given.answer.total
    each = total.sessions / total.customers if total.customers else None
    words = {
        "sessions": figures.count(total.sessions), "customers": figures.count(total.customers),
        "each": figures.NO_VALUE if each is None else f"{each:.1f}", "median": waited(total.median_seconds),
    }  # fmt: skip
    if not total.median_seconds:
        return _("%(sessions)s visits of %(customers)s customers: %(each)s each, most of a single event.") % words
    return _("%(sessions)s visits of %(customers)s customers: %(each)s each, half of them under %(median)s.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    total, before = given.answer.total, given.before.total if given.before is not None else None
    return (
        _fact(_("Visits"), total.sessions, before and before.sessions),
        _fact(_("Customers"), total.customers, before and before.customers, given.pick() if total.customers else None),
        Fact(_("Median time"), waited(total.median_seconds), before=""),
        Fact(_("Of a single event"), figures.percent(_single(total)), figures.count_exact(total.single_event_sessions),
             figures.change(_single(total), _single(before), "rate") if before else None, "", "bad"),
    )  # fmt: skip


def _fact(name: str, value: int, before: int | None, pick: Mapping[str, Any] | None = None) -> Fact:
    change = None if before is None else figures.change(value, before, "count")
    earlier = "" if before is None else figures.count(before)
    return Fact(name, figures.count(value), figures.count_exact(value), change, earlier, "good", pick)


def _single(numbers: Any) -> float | None:
    return numbers.single_event_sessions / numbers.sessions if numbers.sessions else None


def _chart(given: Given) -> Chart:
    unit = given.asked["unit"]
    times = Times(tuple(label for label, _over, _numbers in given.answer.periods), unit)
    labels = times.places
    series = [
        (_("Visits"), [numbers.sessions for _label, _over, numbers in given.answer.periods]),
        (_("Customers"), [numbers.customers for _label, _over, numbers in given.answer.periods]),
    ]

    def draw(theme: str) -> dict[str, Any]:
        data = [
            line(name, labels, values, [figures.count_exact(each) for each in values], colour(theme, place))
            for place, (name, values) in enumerate(series)
        ]
        axis = count_axis([value for _name, values in series for value in values])
        return {"data": data, "layout": layout(theme, yaxis=axis, **times.layout())}

    return Chart("sessions", _("Visits and their customers"), both(draw), times=times)


def _groups_chart(given: Given) -> Chart:
    shown = given.answer.groups[:_MOST_BARS]
    names = [_group(given, label) for label, _numbers in shown]
    values = [numbers.sessions for _label, numbers in shown]
    who = [given.href(_group_pick(given, label)) for label, _numbers in shown]
    return Chart("sessions", _("Visits"), lying_bars(names, values, [figures.count(each) for each in values], who))


def _table(given: Given) -> Table:
    answer, unit = given.answer, given.asked["unit"]
    heads = (
        _("Visits"), _("Customers"), _("Visits per customer"), _("Events per visit"), _("Median time"),
        _("Of a single event"),
    )  # fmt: skip
    if answer.groups:
        rows = [(Cell(_group(given, label), label), *_cells(numbers, _group_pick(given, label)))
                for label, numbers in answer.groups]  # fmt: skip
        return Table(columns(str(given.asked.question.field("by").label), *heads), tuple(rows))
    rows = [
        (Cell(period_row(label, unit), label, tag="" if over else _("not over")),
         *_cells(numbers, given.pick(period=label)))
        for label, over, numbers in reversed(answer.periods)
    ]  # fmt: skip
    return Table(columns(period_heading(unit), *heads), tuple(rows))


def _cells(numbers: Any, pick: Mapping[str, Any] | None) -> tuple[Cell, ...]:
    said = numbers.to_dict()
    each, full = said["sessions_per_customer"], said["events_per_session"]
    single = _single(numbers)
    return (
        Cell(figures.count(numbers.sessions), numbers.sessions),
        Cell(figures.count(numbers.customers), numbers.customers, pick if numbers.customers else None),
        Cell(figures.NO_VALUE if each is None else f"{each:.2f}", each),
        Cell(figures.NO_VALUE if full is None else f"{full:.2f}", full),
        Cell(waited(numbers.median_seconds), numbers.median_seconds),
        Cell(figures.percent(single), single),
    )


def _group(given: Given, label: str) -> str:
    return group_name(event_name(label) if given.asked["by"] == "entry_event" else label, given.sight)


def _group_pick(given: Given, label: str) -> Mapping[str, Any] | None:
    return given.pick(group=label)


SESSIONS = Question(
    name="sessions",
    title=pgettext_lazy("question", "Visits"),
    asks=gettext_lazy("How many visits were there, by how many customers, how long and how full?"),
    sentence=gettext_lazy("Show the visits of each {unit} with {events}, split by {by}"),
    fields=(
        units("week", "hour", "day", "week", "month"),
        Field("events", "events", gettext_lazy("Events"), between=gettext_lazy(" or ")),
        Field(
            "by", "property", gettext_lazy("Split by"),
            options=(("entry_event", gettext_lazy("first event of the visit")),),
        ),
        ranged(),
        WHERE,
        AUDIENCE,
        COMPARE,
        OWN_GAP,
        TOP,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("A visit ends when a customer is silent for longer than the gap."),
        gettext_lazy("A visit counts in the period in which it began. Its time is from its first event to its last."),
    ),
    present=present,
    whom=whom,
    compares=True,
)  # fmt: skip
