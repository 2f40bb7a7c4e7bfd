"""Activity: how long and how full visits are, how often customers visit and how long they stay away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import histogram
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, OWN_GAP, TIMEZONE, WHERE, ranged, waited

MEASURES = {
    "seconds_per_visit": gettext_lazy("Time of a visit"), "events_per_visit": gettext_lazy("Events of a visit"),
    "visits_per_customer": gettext_lazy("Visits of a customer"),
    "interval_seconds": gettext_lazy("Time between visits"),
}  # fmt: skip
_MOST_BARS = 24


def present(given: Given) -> Found:
    """A bar per number of visits, a row per measure."""
    answer = given.answer
    chart = Chart("activity", _("Customers by how often they visited"), _chart(given))
    return Found(_finding(given), (chart,), _table(given), _facts(given), is_empty=not answer.visits)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    words = _("%(number)s visits or more") if pick.get("at_least") else _("%(number)s visits")
    return words % {"number": pick.get("visits", "")}


def _finding(given: Given) -> str:
    answer = given.answer
    each, away = answer.spreads["visits_per_customer"], answer.spreads["interval_seconds"]
    words = {
        "customers": figures.count(answer.customer_count), "visits": figures.count(answer.visits),
        "each": _number(each.mean), "away": waited(away.median),
    }  # fmt: skip
    if away.median is None:
        return _("%(customers)s customers made %(visits)s visits; nobody came back.") % words
    return _("%(customers)s customers made %(visits)s visits, %(each)s each; half came back within %(away)s.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    answer = given.answer
    pick = given.pick(visits=1, at_least=True) if answer.customer_count else None
    return (
        Fact(_("Visits"), figures.count(answer.visits), figures.count_exact(answer.visits)),
        Fact(_("Customers"), figures.count(answer.customer_count), figures.count_exact(answer.customer_count),
             pick=pick),
        Fact(_("Visits of a customer each week"), _number(answer.visits_per_week)),
        Fact(_("Median time of a visit"), waited(answer.spreads["seconds_per_visit"].median)),
    )  # fmt: skip


def _chart(given: Given) -> Any:
    bars = _bars(given)
    names = [f"{times}+" if more else str(times) for times, more, _people in bars]
    who = [given.href(given.pick(visits=times, at_least=more)) for times, more, _people in bars]
    return histogram(_("customers"), names, [people for _times, _more, people in bars], who, _("Visits of a customer"))


def _bars(given: Given) -> list[tuple[int, bool, int]]:
    """Numbers of visits with their customers; the last stands for all from there on."""
    counts = dict(given.answer.by_visits)
    most = max(counts, default=0)
    if most <= _MOST_BARS:
        return [(times, False, counts.get(times, 0)) for times in range(1, most + 1)]
    rest = sum(people for times, people in counts.items() if times >= _MOST_BARS)
    return [(times, False, counts.get(times, 0)) for times in range(1, _MOST_BARS)] + [(_MOST_BARS, True, rest)]


def _table(given: Given) -> Table:
    rows = []
    for name, spread in given.answer.spreads.items():
        shown = waited if "seconds" in name else _number
        values = (spread.mean, spread.median, spread.p90)
        rows.append((Cell(str(MEASURES[name]), name), *(Cell(shown(each), each) for each in values)))
    return Table(columns(_("Measure"), _("Mean"), _("Median"), _("90 % up to")), tuple(rows))


def _number(value: float | None) -> str:
    return figures.NO_VALUE if value is None else f"{value:,.2f}".removesuffix("0").removesuffix(".0")


ACTIVITY = Question(
    name="activity",
    title=pgettext_lazy("question", "Activity"),
    asks=gettext_lazy("How long and how full is a visit, how often do customers visit, how long do they stay away?"),
    sentence=gettext_lazy("How active are customers in visits with {events}?"),
    fields=(
        Field("events", "events", gettext_lazy("Events"), between=gettext_lazy(" or ")),
        ranged(),
        WHERE,
        AUDIENCE,
        OWN_GAP,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("A visit ends when a customer is silent for longer than the gap."),
        gettext_lazy("Visits with one of the events count, and only these events in them."),
        gettext_lazy("The time between visits runs from the end of one to the start of the customer's next."),
    ),
    present=present,
    whom=whom,
)
