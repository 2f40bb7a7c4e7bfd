"""Growth accounting: of the customers active in each period, who is new, came again, came back, stayed away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import count_axis, with_layout
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
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
from wotu.console.charts import growth_chart

STATES = {
    "new": pgettext_lazy("growth", "New"), "returning": pgettext_lazy("growth", "Returning"),
    "resurrecting": pgettext_lazy("growth", "Resurrecting"), "dormant": pgettext_lazy("growth", "Dormant"),
}  # fmt: skip


def present(given: Given) -> Found:
    """Stacked bars: gained above the zero line, gone quiet below it; the last whole period in figures."""
    periods, unit = given.answer.periods, given.asked["unit"]
    over = [each for each in periods if each.complete]
    times = Times(tuple(each.period for each in periods), unit)
    most = max((each.new + each.returning + each.resurrecting for each in periods), default=0)
    least = -max((each.dormant for each in periods), default=0)
    drawn = with_layout(
        growth_chart(periods, times.places), yaxis=count_axis([least, most], _either_way), **times.layout()
    )
    chart = Chart("growth", _("Customers gained and lost"), drawn, times=times)
    notes = () if len(over) == len(periods) else (_("A period that is not over is drawn lighter and has no ratio."),)
    empty = not any(each.active or each.dormant for each in periods)
    return Found(_finding(over, unit), (chart,), _table(given), _facts(given, over), notes, empty)


def _either_way(number: int) -> str:
    """Customers below the zero line are as many as those above it."""
    return figures.count(abs(number))


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    state = str(pick.get("state", ""))
    return f"{STATES.get(state, state)} · {pick.get('period', '')}"


def _finding(over: list[Any], unit: str) -> str:
    if not over:
        return _("No whole period has passed yet.")
    last = over[-1]
    gained, lost = last.new + last.resurrecting, last.dormant
    words = {
        "period": period_words(last.period, unit), "gained": figures.count(gained), "lost": figures.count(lost),
    }  # fmt: skip
    if gained > lost:
        return _("In %(period)s more came than went quiet: %(gained)s new or back, %(lost)s dormant.") % words
    if gained < lost:
        return _("In %(period)s more went quiet than came: %(lost)s dormant, %(gained)s new or back.") % words
    return _("In %(period)s as many came as went quiet: %(gained)s.") % words


def _facts(given: Given, over: list[Any]) -> tuple[Fact, ...]:
    if not over:
        return ()
    last, previous = over[-1], over[-2] if len(over) > 1 else None
    return tuple(
        Fact(
            str(name), figures.count(getattr(last, key)), figures.count_exact(getattr(last, key)),
            figures.change(getattr(last, key), getattr(previous, key, None), "count"),
            figures.count(getattr(previous, key, None)), "bad" if key == "dormant" else "good",
            _pick(given, last, key),
        )
        for key, name in STATES.items()
    )  # fmt: skip


def _table(given: Given) -> Table:
    unit = given.asked["unit"]
    rows = []
    for each in reversed(given.answer.periods):
        tag = "" if each.complete else _("not over")
        ratio = each.quick_ratio
        rows.append(
            (
                Cell(period_row(each.period, unit), each.period, tag=tag),
                *(_cell(given, each, key) for key in STATES),
                Cell(figures.NO_VALUE if ratio is None else f"{ratio:.2f}", ratio),
            )
        )
    return Table(columns(period_heading(unit), *(str(name) for name in STATES.values()), _("Quick ratio")), tuple(rows))


def _cell(given: Given, period: Any, state: str) -> Cell:
    number = getattr(period, state)
    return Cell(figures.count(number), number, _pick(given, period, state) if number else None)


def _pick(given: Given, period: Any, state: str) -> Mapping[str, Any] | None:
    return given.pick(state=state, period=period.period) if getattr(period, state) else None


GROWTH_ACCOUNTING = Question(
    name="growth_accounting",
    title=pgettext_lazy("question", "Growth accounting"),
    asks=gettext_lazy("Of the customers who are active, who is new, came again, came back, and who went quiet?"),
    sentence=gettext_lazy(
        "Of customers who did {events}, who was new, came again, came back or went quiet each {unit}?"
    ),
    fields=(
        Field("events", "events", gettext_lazy("Active means"), least=1, between=gettext_lazy(" or ")),
        units("week", "day", "week", "month"),
        ranged(),
        WHERE,
        AUDIENCE,
        Field("periods", "number", gettext_lazy("Only the last periods"), least=1, most=10_000, rare=True),
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Active in a period: did one of the events in it."),
        gettext_lazy("New: the period is the customer's first ever, with any event."),
        gettext_lazy("Returning: active in the period before too. Resurrecting: neither new nor returning."),
        gettext_lazy("Dormant: active in the period before, and not in this one."),
        gettext_lazy("Quick ratio = (new + resurrecting) ÷ dormant, of periods that are over."),
    ),
    present=present,
    whom=whom,
)
