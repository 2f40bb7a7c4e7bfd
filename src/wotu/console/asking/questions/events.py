"""Events over time: how often, by how many customers, with what amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import (
    MOST_SERIES,
    both,
    colour,
    count_axis,
    layout,
    line,
    lying_bars,
)
from wotu.console.asking.entries import entry_words
from wotu.console.asking.events import listed
from wotu.console.asking.measures import measure_words
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    BY,
    COMPARE,
    TIMEZONE,
    TOP,
    WHERE,
    group_name,
    period_end,
    period_heading,
    period_row,
    period_words,
    ranged,
    unit_name,
    units,
)
from wotu.console.asking.times import Times
from wotu.console.vocabulary import event_name
from wotu.core.properties import MONEY
from wotu.insight.formula import LETTERS, parse_formula

_FACTS = 4
_COMPARED = 3


def present(given: Given) -> Found:
    """A line per series; the last whole period against the one before it."""
    answer, unit = given.answer, given.asked["unit"]
    series = answer.series
    labels = [label for label, _value in series[0].points] if series else []
    over = [label for label in labels if period_end(label, unit) <= given.until]
    empty = not any(value for each in series for _label, value in each.points)
    facts = tuple(_fact(given, each, over) for each in series[:_FACTS])
    notes = () if len(over) == len(labels) else (_("The last period is not over; its values will still rise."),)
    return Found(
        _finding(given, facts, over, unit),
        _charts(given, labels),
        _table(given, labels, over),
        _compared(given, unit) or (facts if len(facts) > 1 else ()),
        (*_letters(given), *notes),
        empty,
    )


def whom(parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    named, place = listed(parameters.get("events")), pick.get("series", 0)
    known = isinstance(place, int) and 0 <= place < len(named)
    event = entry_words(EVENTS.field("events"), named[place]) if known else str(place)
    if parameters.get("formula") and "series" not in pick:
        places = parse_formula(str(parameters["formula"]), max(len(named), 1)).places or range(len(named))
        event = _(" or ").join(entry_words(EVENTS.field("events"), named[each]) for each in places if each < len(named))
    return " · ".join(each for each in (event, str(pick.get("group") or ""), str(pick.get("time") or "")) if each)


def _charts(given: Given, labels: list[str]) -> tuple[Chart, ...]:
    answer, unit = given.answer, given.asked["unit"]
    title = _("%(measure)s by %(unit)s") % {
        "measure": _measured(given), "unit": unit_name(given),
    }  # fmt: skip
    drawn = answer.series[:MOST_SERIES]
    if len(labels) == 1:
        values = [_number(each.points[0][1]) or 0 for each in drawn]
        shown = [_shown(given, each.points[0][1]) for each in drawn]
        names = [_name(given, each) for each in drawn]
        return (Chart("events", title, lying_bars(names, values, shown, [""] * len(names))),)
    times = Times(tuple(labels), unit)
    axis = times.places
    texts = [[_shown(given, value) for _label, value in each.points] for each in drawn]

    def draw(theme: str) -> dict[str, Any]:
        data = [
            line(_name(given, each), axis, [_number(value) for _label, value in each.points], texts[place],
                 colour(theme, place))
            for place, each in enumerate(drawn)
        ]  # fmt: skip
        data += _earlier(given, axis, theme)
        values = [value for each in data for value in each["y"] if value is not None]
        return {
            "data": data,
            "layout": layout(
                theme, yaxis=_axis(given, values), showlegend=len(data) > 1, **times.layout()
            ),
        }  # fmt: skip

    return (Chart("events", title, both(draw), times=times),)


def _earlier(given: Given, axis: list[str], theme: str) -> list[Any]:
    """The time before, under the same places, dotted; of few series, as more lines tell nothing."""
    drawn = given.answer.series[:MOST_SERIES]
    if given.before is None or len(drawn) > _COMPARED:
        return []
    known = {(each.label, each.group): each for each in given.before.series}
    data = []
    for place, each in enumerate(drawn):
        points = known[each.label, each.group].points[: len(axis)] if (each.label, each.group) in known else ()
        name = _("%(name)s, before") % {"name": _name(given, each)}
        values, shown = [_number(value) for _l, value in points], [_shown(given, value) for _l, value in points]
        dotted = {"line": {"dash": "dot"}, "opacity": 0.7}
        data.append(line(name, axis[: len(values)], values, shown, colour(theme, place), **dotted))
    return data


def _table(given: Given, labels: list[str], over: list[str]) -> Table:
    unit, series = given.asked["unit"], given.answer.series
    names = [_name(given, each) for each in series]
    rows = []
    for place, label in enumerate(labels):
        tag = "" if label in over else _("not over")
        first = Cell(period_row(label, unit), label, tag=tag)
        values = [each.points[place][1] for each in series]
        picks = [_pick(given, each, label) for each in series]
        rows.append((first, *(_cell(given, value, pick) for value, pick in zip(values, picks, strict=True))))
    return Table(columns(period_heading(unit), *names), tuple(reversed(rows)))


def _pick(given: Given, series: Any, label: str) -> Mapping[str, Any] | None:
    places = list(dict.fromkeys(each.label for each in given.answer.series))
    group = {} if series.group is None else {"group": series.group}
    # Behind a formula stand the customers of all events that it names.
    which = {} if given.answer.formula else {"series": places.index(series.label)}
    return given.pick(time=label, **which, **group)


def _cell(given: Given, value: Any, pick: Mapping[str, Any] | None) -> Cell:
    return Cell(
        _shown(given, value), _number(value), pick if value or (given.answer.formula and value is not None) else None
    )


def _fact(given: Given, series: Any, over: list[str]) -> Fact:
    """The last whole period of a series, against the one before."""
    values = dict(series.points)
    last = values.get(over[-1]) if over else None
    previous = values.get(over[-2]) if len(over) > 1 else None
    kind: Any = "money" if _is_money(given) else "count"
    change = figures.change(_decimal(last), _decimal(previous), kind)
    pick = _pick(given, series, over[-1]) if over and (last or (given.answer.formula and last is not None)) else None
    return Fact(
        _name(given, series), _shown(given, last), _exact(given, last), change, _shown(given, previous), "", pick
    )


def _compared(given: Given, unit: str) -> tuple[Fact, ...]:
    if given.before is None:
        return ()
    return tuple(_mean_fact(given, each, unit) for each in given.answer.series[:_FACTS])


def _mean_fact(given: Given, series: Any, unit: str) -> Fact:
    """The mean of a series over its periods, against that of the time before."""
    known = {(each.label, each.group): each for each in given.before.series}
    earlier = known.get((series.label, series.group))
    kind: Any = "money" if _is_money(given) else "count"
    mean, before = _mean(series, unit, given), _mean(earlier, unit, given) if earlier else None
    name = _("%(name)s, mean by %(unit)s") % {"name": _name(given, series), "unit": unit_name(given)}
    return Fact(name, _rounded(given, mean), "", figures.change(mean, before, kind), _rounded(given, before), "")


def _mean(series: Any, unit: str, given: Given) -> Decimal | None:
    values = [
        Decimal(str(value))
        for label, value in series.points
        if value is not None and period_end(label, unit) <= given.until
    ]
    return sum(values, Decimal(0)) / len(values) if values else None


def _rounded(given: Given, value: Decimal | None) -> str:
    if value is None:
        return figures.NO_VALUE
    if given.answer.formula:
        return f"{value:,.4g}"
    return figures.money(value, given.currency) if _is_money(given) else figures.count(round(value, 1))


def _finding(given: Given, facts: tuple[Fact, ...], over: list[str], unit: str) -> str:
    if not facts or not over:
        return _("No whole period has passed yet.")
    fact = facts[0]
    if fact.shown == figures.NO_VALUE:
        return _("%(name)s: nothing in %(period)s.") % {"name": fact.name, "period": period_words(over[-1], unit)}
    words = {
        "name": fact.name, "value": fact.shown, "measure": measure_words(given.answer.measure),
        "period": period_words(over[-1], unit), "change": fact.change.text,
    }  # fmt: skip
    if fact.change.direction in ("up", "down"):
        return _("%(name)s, %(measure)s in %(period)s: %(value)s, %(change)s against the period before.") % words
    return _("%(name)s, %(measure)s in %(period)s: %(value)s.") % words


def _measured(given: Given) -> str:
    """What is measured; a formula says what its letters stand for."""
    measure = measure_words(given.answer.measure)
    if not given.answer.formula:
        return measure
    return _("%(formula)s of %(measure)s") % {"formula": given.answer.formula, "measure": measure}


def _letters(given: Given) -> tuple[str, ...]:
    if not given.answer.formula:
        return ()
    named = listed(given.asked["events"])
    words = [f"{LETTERS[place]} = {entry_words(EVENTS.field('events'), each)}" for place, each in enumerate(named)]
    return (_(", ").join(words),)


def _name(given: Given, series: Any) -> str:
    name = given.answer.formula or " / ".join(given.sight.text(event_name(each)) for each in series.label.split(" | "))
    if series.group is None:
        return name
    group = group_name(series.group, given.sight)
    return group if len({each.label for each in given.answer.series}) == 1 else f"{name} · {group}"


def _is_money(given: Given) -> bool:
    return not given.answer.formula and given.answer.measure.partition(":")[2] in MONEY


def _axis(given: Given, values: list[float]) -> dict[str, Any]:
    """Whole numbers, or those of a formula, which may be parts of one."""
    return {"rangemode": "tozero"} if given.answer.formula else count_axis(values, partial(_tick, given))


def _tick(given: Given, value: Any) -> str:
    """A number of the axis: money whole, as its ticks are."""
    if _is_money(given):
        return figures.money(value, given.currency).removesuffix(".00")
    return figures.count(value)


def _shown(given: Given, value: Any) -> str:
    if value is None:
        return figures.NO_VALUE
    if _is_money(given):
        return figures.money(Decimal(value), given.currency)
    if given.answer.formula:
        return f"{value:,.4g}"
    return figures.count(value) if isinstance(value, int) else figures.count(round(value, 2))


def _exact(given: Given, value: Any) -> str:
    if value is None:
        return figures.NO_VALUE
    return figures.money_exact(Decimal(value), given.currency) if _is_money(given) else figures.count_exact(value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


EVENTS = Question(
    name="events",
    title=pgettext_lazy("question", "Events"),
    asks=gettext_lazy("How often does something happen, by how many customers, with what amounts?"),
    sentence=gettext_lazy("Show the {measure} of {events} each {unit}, split by {by}"),
    fields=(
        Field("measure", "measure", gettext_lazy("Measure"), "customers"),
        Field("events", "events", gettext_lazy("Events"), least=1, between=gettext_lazy(" and "), lettered=True),
        units("week", "hour", "day", "week", "month"),
        BY,
        ranged(),
        WHERE,
        AUDIENCE,
        COMPARE,
        Field(
            "formula",
            "text",
            gettext_lazy("Formula"),
            sample="A / B",
            rare=True,
            hint=gettext_lazy("Over the events by their letters, with + − * / and parentheses, instead of each alone."),
        ),
        TOP,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Customers are counted once in each period; times count every event."),
        gettext_lazy("Totals, averages and percentiles look at events that carry the property."),
        gettext_lazy("Every period of the range is listed; the first begins where its calendar period begins."),
    ),
    present=present,
    whom=whom,
    compares=True,
)
