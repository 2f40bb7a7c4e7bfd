"""Active customers: who did the key behaviour often enough in each period, and who was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import both, colour, count_axis, layout, line
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    OWN_GAP,
    TIMEZONE,
    WEEK_START,
    WHERE,
    period_heading,
    period_row,
    period_words,
    ranged,
    units,
)
from wotu.console.asking.times import Times

STATES = {
    "active": pgettext_lazy("active customers", "Active"), "churned": pgettext_lazy("active customers", "Churned"),
    "lost": pgettext_lazy("active customers", "Lost by then"),
}  # fmt: skip


def present(given: Given) -> Found:
    """A line per state, and the last whole period in figures."""
    periods = given.answer.periods
    over = [each for each in periods if each.complete]
    times = Times(tuple(each.period for each in periods), given.asked["unit"])
    chart = Chart("active", _("Active and lost customers"), _chart(given, times), times=times)
    notes = () if len(over) == len(periods) else (_("The last period is not over; its values will still rise."),)
    empty = not any(each.active for each in periods)
    return Found(_finding(given, over), (chart,), _table(given), _facts(given, over), notes, empty)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    state = str(pick.get("state", "active"))
    return f"{STATES.get(state, state)} · {pick.get('period', '')}"


def _finding(given: Given, over: list[Any]) -> str:
    if not over:
        return _("No whole period has passed yet.")
    last = over[-1]
    words = {
        "period": period_words(last.period, given.asked["unit"]), "active": figures.count(last.active),
        "churned": figures.count(last.churned),
    }  # fmt: skip
    return _("In %(period)s %(active)s customers were active and %(churned)s churned.") % words


def _facts(given: Given, over: list[Any]) -> tuple[Fact, ...]:
    if not over:
        return ()
    last, before = over[-1], over[-2] if len(over) > 1 else None
    return tuple(
        Fact(
            str(name), figures.count(getattr(last, state)), figures.count_exact(getattr(last, state)),
            figures.change(getattr(last, state), getattr(before, state, None), "count"),
            figures.count(getattr(before, state, None)), "good" if state == "active" else "bad",
            _pick(given, last, state),
        )
        for state, name in STATES.items()
    )  # fmt: skip


def _chart(given: Given, times: Times) -> Any:
    periods, labels = given.answer.periods, times.places

    def draw(theme: str) -> dict[str, Any]:
        data = []
        for place, (state, name) in enumerate(STATES.items()):
            values = [getattr(each, state) for each in periods]
            data.append(
                line(str(name), labels, values, [figures.count_exact(each) for each in values], colour(theme, place))
            )
        known = [value for each in data for value in each["y"] if value is not None]
        return {"data": data, "layout": layout(theme, yaxis=count_axis(known), **times.layout())}

    return both(draw)


def _table(given: Given) -> Table:
    unit = given.asked["unit"]
    rows = [
        (
            Cell(period_row(each.period, unit), each.period, tag="" if each.complete else _("not over")),
            *(Cell(figures.count(getattr(each, state)), getattr(each, state), _pick(given, each, state))
              for state in STATES),
        )
        for each in reversed(given.answer.periods)
    ]  # fmt: skip
    return Table(columns(period_heading(unit), *(str(name) for name in STATES.values())), tuple(rows))


def _pick(given: Given, period: Any, state: str) -> Mapping[str, Any] | None:
    known = getattr(period, state) and (state == "active" or period.complete)
    return given.pick(period=period.period, state=state) if known else None


ACTIVE_CUSTOMERS = Question(
    name="active_customers",
    title=pgettext_lazy("question", "Active customers"),
    asks=gettext_lazy("Who did the key behaviour often enough in each period, and who was lost?"),
    sentence=gettext_lazy(
        "Customers who did {events} at least {min_count} times each {unit}, lost after {churned_after} without it"
    ),
    fields=(
        Field("events", "events", gettext_lazy("Key behaviour"), least=1, between=gettext_lazy(" or ")),
        Field("min_count", "number", gettext_lazy("At least so many times"), 1, least=1),
        units("month", "day", "week", "month"),
        Field("churned_after", "number", gettext_lazy("Periods without it"), 1, least=1, most=400),
        ranged("365d"),
        WHERE,
        AUDIENCE,
        Field(
            "duration",
            "duration",
            gettext_lazy("At least so long in visits"),
            rare=True,
            hint=gettext_lazy("Instead of how often: time in visits with the key behaviour."),
        ),
        OWN_GAP,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Active: did the key behaviour at least so many times in the period."),
        gettext_lazy("Churned: in this period the given number of periods without it was reached."),
        gettext_lazy("Lost by then: everybody who churned and has not been active since."),
    ),
    present=present,
    whom=whom,
)
