"""Retention: of the customers born in each period, how many came back later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import both, category_axis, colour, heat, layout, line, share_axis
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    BY,
    COMPARE,
    TIMEZONE,
    TOP,
    WEEK_START,
    WHERE,
    before_words,
    group_name,
    period_row,
    ranged,
    unit_name,
    units,
)

# The shades of the table, as parts of its greatest share.
_HEAT_FROM = (0.0, 0.25, 0.5, 0.7, 0.85)
# More links than this make a page heavy; the table has them all.
_MOST_LINKS = 400
_MOST_GROUPS = 6


def present(given: Given) -> Found:
    """The heat of cohorts by period, the curve over all of them, and the same as a table."""
    answer = given.answer
    charts = (
        Chart("heat", _title(given), _heat(given)),
        Chart("curve", _("All cohorts together"), _curve(given)),
    )
    size = sum(each.size for each in answer.cohorts)
    return Found(_finding(given), charts, _table(given), _facts(given), is_empty=not size)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    if pick.get("paid"):
        return _paid_words(pick)
    words = _("cohort %(cohort)s, period %(period)s") if pick.get("cohort") else _("all cohorts, period %(period)s")
    if pick.get("returned") is False:
        words = _("%(who)s, did not come back") % {"who": words}
    said = words % {"cohort": pick.get("cohort", ""), "period": pick.get("period", 0)}
    return f"{said} · {pick['group']}" if pick.get("group") else said


def _paid_words(pick: Mapping[str, Any]) -> str:
    one, every = _("cohort %(cohort)s, revenue of period %(period)s"), _("all cohorts, revenue of period %(period)s")
    said = (one if pick.get("cohort") else every) % {"cohort": pick.get("cohort", ""), "period": pick.get("period", 0)}
    return f"{said} · {pick['group']}" if pick.get("group") else said


def _share(given: Given, each: Any) -> float | None:
    """Of a period over all cohorts: who came back, or the revenue by that of the first period."""
    return (each.revenue_rate if _of_revenue(given) else each.rate) if each is not None and each.eligible else None


def _of_revenue(given: Given) -> bool:
    return given.asked["measure"] == "revenue"


def _title(given: Given) -> str:
    if _of_revenue(given):
        return _("Revenue of each cohort, by that of its first period")
    return _("Share of each cohort that came back")


def _finding(given: Given) -> str:
    over = [each for each in given.answer.overall[1:] if each.eligible]
    if not over:
        return _("No period after the first is over yet.")
    first, last = over[0], over[-1]
    words = {
        "first": figures.percent(_share(given, first)), "last": figures.percent(_share(given, last)),
        "unit": unit_name(given), "periods": last.period,
    }  # fmt: skip
    if _of_revenue(given):
        return _("The first %(unit)s after brought %(first)s of the revenue of the first one.") % words
    if first is last:
        return _("%(first)s came back in the first %(unit)s after.") % words
    return _("%(first)s came back in the first %(unit)s after, %(last)s in number %(periods)d.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    overall = [each for each in given.answer.overall[1:] if each.eligible]
    before = {each.period: each for each in given.before.overall} if given.before is not None else {}
    chosen = [each for each in overall if each.period in (1, 4, overall[-1].period)] if overall else []
    return tuple(
        Fact(
            _("Period %(number)s") % {"number": given.answer.columns.labels[each.period]},
            figures.percent(_share(given, each)),
            f"{figures.count_exact(each.returned)} / {figures.count_exact(each.eligible)}",
            figures.change(_share(given, each), _share(given, before.get(each.period)), "rate") if before else None,
            figures.percent(_share(given, before.get(each.period))) if before else "", "good",
            _everybody(given, each),
        )
        for each in chosen[:3]
    )  # fmt: skip


def _everybody(given: Given, each: Any) -> Mapping[str, Any] | None:
    """Whom a share over all cohorts counted, or whose orders its revenue is."""
    if not (each.revenue if _of_revenue(given) else each.returned):
        return None
    return given.pick(
        **_paid(given),
        period=given.answer.columns.labels[each.period] if given.answer.columns.brackets else each.period,
    )


def _heat(given: Given) -> Any:
    answer, unit = given.answer, given.asked["unit"]
    labels = [str(each) for each in answer.columns.labels]
    rows = [f"{period_row(each.cohort, unit)} ({figures.count(each.size)})" for each in answer.cohorts]
    rates = [[each.rate(place) for place in range(len(labels))] for each in answer.cohorts]
    shown = [
        ["" if rate is None else f"{figures.percent(rate)}" for rate in row]
        for row in rates
    ]  # fmt: skip
    linked = len(rows) * len(labels) <= _MOST_LINKS
    who = [
        [
            given.href(_pick(given, each, place)) if linked and _counted(given, each, place) else ""
            for place in range(len(labels))
        ]
        for each in answer.cohorts
    ]
    # The first column is all of them: it says nothing and would take the colours.
    hidden = [[None, *row[1:]] for row in rates]
    return heat(rows, labels, hidden, shown, who, _("%(unit)s after the first") % {"unit": unit_name(given)})


def _curve(given: Given) -> Any:
    labels = [str(each) for each in given.answer.columns.labels]
    series = [(_("all customers") if given.answer.groups else _("share that came back"), given.answer.overall)]
    series += [(group_name(each.value, given.sight), each.overall) for each in given.answer.groups[:_MOST_GROUPS]]
    dotted = len(series)
    if given.before is not None:
        series.append((before_words(given), given.before.overall[: len(labels)]))

    def draw(theme: str) -> dict[str, Any]:
        data = []
        for place, (name, overall) in enumerate(series):
            values = [_share(given, each) for each in overall]
            shown = [figures.percent(value) for value in values]
            dash = {"line": {"dash": "dot"}, "opacity": 0.7} if place == dotted else {}
            tint = colour(theme, 0 if place == dotted else place)
            data.append(line(name, labels[: len(values)], values, shown, tint, **dash))
        return {
            "data": data,
            "layout": layout(
                theme, height=260, showlegend=len(data) > 1, yaxis=share_axis(),
                xaxis=category_axis(labels, _("%(unit)s after the first") % {"unit": unit_name(given)}),
            ),
        }  # fmt: skip

    return both(draw)


def _table(given: Given) -> Table:
    answer, unit = given.answer, given.asked["unit"]
    labels = [str(each) for each in answer.columns.labels]
    heads = columns(_("Cohort"), _("Customers"), *labels[1:])
    most = _greatest(given)
    everybody = (
        Cell(_("all cohorts"), "all"), Cell(figures.count(sum(each.size for each in answer.cohorts))),
        *_overall_cells(given, answer.overall, most),
    )  # fmt: skip
    groups = [_group_row(given, each, most) for each in answer.groups]
    rows = [
        (
            Cell(period_row(each.cohort, unit), each.cohort, tag="" if each.complete else _("not over")),
            Cell(figures.count(each.size), each.size, _pick(given, each, 0) if each.size else None),
            *(_cell(given, each, place, most) for place in range(1, len(labels))),
        )
        for each in answer.cohorts
    ]
    return Table(heads, (everybody, *groups, *rows), _title(given))


def _overall_cells(given: Given, overall: Any, most: float) -> list[Cell]:
    rates = [_share(given, each) for each in overall[1:]]
    return [Cell(figures.percent(rate), rate, heat=_warmth(rate, most)) for rate in rates]


def _group_row(given: Given, group: Any, most: float) -> tuple[Cell, ...]:
    """All cohorts of one value of the breakdown."""
    name, size = group_name(group.value, given.sight), sum(each.size for each in group.cohorts)
    pick = given.pick(period=0, group=group.value) if size else None
    return (Cell(name, name), Cell(figures.count(size), size, pick), *_overall_cells(given, group.overall, most))


def _cell(given: Given, cohort: Any, place: int, most: float) -> Cell:
    rate = cohort.rate(place)
    shown = "" if rate is None else figures.percent(rate)
    pick = _pick(given, cohort, place) if _counted(given, cohort, place) else None
    return Cell(shown, rate, pick, heat=_warmth(rate, most))


def _pick(given: Given, cohort: Any, place: int) -> Mapping[str, Any] | None:
    labels = given.answer.columns.labels
    period = labels[place] if given.answer.columns.brackets and place else place
    # The first column counts the cohort, whatever it brought.
    return given.pick(cohort=cohort.cohort, period=period, **(_paid(given) if place else {}))


def _paid(given: Given) -> dict[str, bool]:
    return {"paid": True} if _of_revenue(given) else {}


def _counted(given: Given, cohort: Any, place: int) -> bool:
    """Whether anybody stands behind a number of a cohort."""
    return bool(cohort.revenue[place] if _of_revenue(given) and place else cohort.returned[place])


def _warmth(rate: float | None, most: float) -> int:
    return sum(1 for least in _HEAT_FROM if rate and rate > least * most)


def _greatest(given: Given) -> float:
    places = range(1, len(given.answer.columns.labels))
    return max((cohort.rate(place) or 0.0 for cohort in given.answer.cohorts for place in places), default=0.0)


RETENTION = Question(
    name="retention",
    title=pgettext_lazy("question", "Retention"),
    asks=gettext_lazy("Of the customers who came for the first time in a period, how many came back later?"),
    sentence=gettext_lazy("Of customers who did {born}, how many did {returns} each {unit} after, split by {by}?"),
    fields=(
        Field("born", "event", gettext_lazy("First")),
        Field("returns", "event", gettext_lazy("Came back means")),
        units("month", "day", "week", "month"),
        BY,
        ranged("365d"),
        Field(
            "measure", "choice", gettext_lazy("Measure"), "customers",
            (
                ("customers", pgettext_lazy("retention", "customers who come back")),
                ("revenue", pgettext_lazy("retention", "revenue they bring")),
            ),
        ),
        Field(
            "mode", "choice", gettext_lazy("Counts in a period"), "on",
            (
                ("on", pgettext_lazy("retention", "who came in that period")),
                ("within", pgettext_lazy("retention", "who came in any period up to it")),
                ("on_or_after", pgettext_lazy("retention", "who came in it or later")),
            ),
        ),
        Field(
            "cohort", "choice", gettext_lazy("A customer's cohort"), "first",
            (
                ("first", pgettext_lazy("retention", "the first time it fits the filter")),
                ("first_ever", pgettext_lazy("retention", "the very first time, if it fits the filter")),
                ("every", pgettext_lazy("retention", "every period in which it happened")),
            ),
        ),
        WHERE,
        AUDIENCE,
        COMPARE,
        Field("min_count", "number", gettext_lazy("At least so many times"), 1, least=1, rare=True),
        Field("periods", "number", gettext_lazy("Periods shown"), least=1, most=10_000, rare=True),
        Field(
            "brackets", "brackets", gettext_lazy("Or periods together"), sample="1, 2-3, 4-7", rare=True,
            hint=gettext_lazy("Spans instead of single periods, counted from 0, the one of the first time."),
        ),
        Field(
            "rolling", "flag", gettext_lazy("24 hours from the first time, not days of the calendar"), rare=True,
        ),
        TOP,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Period 0 is the one in which a customer was born; it holds the size of the cohort."),
        gettext_lazy("A period that is not over is left blank: it is not yet known, which is not zero."),
        gettext_lazy("The row of all cohorts counts those whose period is over."),
    ),
    present=present,
    whom=whom,
    compares=True,
)  # fmt: skip
