"""Smart path: the most frequent routes to a goal, and who set out and did not arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import lying_bars
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, CLEAN, GAP, TIMEZONE, WHERE, ranged, waited
from wotu.console.vocabulary import event_name

_LONGEST = 4


def present(given: Given) -> Found:
    """A bar and a row per route."""
    routes = given.answer.routes
    names = [f"{each.route}  {_short(given, each)}" for each in routes]
    values = [each.sessions for each in routes]
    shown = [f"{figures.count(each.sessions)} · {figures.percent(each.share)}" for each in routes]
    who = [given.href(given.pick(route=each.route)) for each in routes]
    chart = Chart("routes", _("Visits by the route they took"), lying_bars(names, values, shown, who))
    return Found(_finding(given), (chart,), _table(given), _facts(given), is_empty=not given.answer.starts)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    if pick.get("lost"):
        return _("set out and did not arrive")
    return _("route %(number)s") % {"number": pick["route"]} if pick.get("route") else _("arrived")


def _finding(given: Given) -> str:
    answer = given.answer
    if not answer.routes:
        return _("No visit reached the goal.")
    best = answer.routes[0]
    words = {"route": _short(given, best), "share": figures.percent(best.share), "time": waited(best.median_seconds)}
    return _("The most frequent route, %(share)s of those that arrived: %(route)s, in %(time)s.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    answer = given.answer
    rate = answer.arrived / answer.starts if answer.starts else None
    return (
        Fact(_("Set out"), figures.count(answer.starts), figures.count_exact(answer.starts)),
        Fact(_("Arrived"), figures.percent(rate), figures.count_exact(answer.arrived)),
        Fact(_("Customers who arrived"), figures.count(answer.customer_count), "",
             pick=given.pick() if answer.customer_count else None),
        Fact(_("Customers who never arrived"), figures.count(answer.lost_customers), "",
             pick=given.pick(lost=True) if answer.lost_customers else None),
    )  # fmt: skip


def _table(given: Given) -> Table:
    rows = [
        (
            Cell(f"{each.route}  {_route(given, each.events)}", " → ".join(each.events)),
            Cell(figures.count(each.sessions), each.sessions),
            Cell(figures.percent(each.share), each.share),
            Cell(figures.count(each.customers), each.customers, given.pick(route=each.route)),
            Cell(waited(each.median_seconds), each.median_seconds),
        )
        for each in given.answer.routes
    ]
    return Table(columns(_("Route"), _("Visits"), _("Share"), _("Customers"), _("Median time")), tuple(rows))


def _short(given: Given, route: Any) -> str:
    """A route with its middle left out where it is long."""
    events = route.events
    shown = events if len(events) <= _LONGEST else (*events[:2], "…", events[-1])
    return _route(given, shown)


def _route(given: Given, events: tuple[str, ...]) -> str:
    return " → ".join(given.sight.text(event_name(each)) for each in events)


SMART_PATH = Question(
    name="smart_path",
    title=pgettext_lazy("question", "Smart path"),
    asks=gettext_lazy("By which routes do customers come to a goal, and who set out and did not arrive?"),
    sentence=gettext_lazy("Show the routes of visits to {goal} that start with {start}"),
    fields=(
        Field("goal", "event", gettext_lazy("Goal"), least=1),
        Field("start", "event", gettext_lazy("Start")),
        ranged(),
        Field(
            "across",
            "flag",
            gettext_lazy("A route may go on in later visits"),
        ),
        WHERE,
        AUDIENCE,
        GAP,
        Field("steps", "number", gettext_lazy("Longest route"), 20, least=3, most=50, rare=True),
        Field("top", "number", gettext_lazy("Routes shown"), 10, least=1, most=1_000, rare=True),
        TIMEZONE,
        CLEAN,
    ),
    definition=(
        gettext_lazy("A route is the order of events of a visit, from its start to the goal; repeats are one step."),
        gettext_lazy("The share is of the visits that arrived."),
    ),
    present=present,
    whom=whom,
)
