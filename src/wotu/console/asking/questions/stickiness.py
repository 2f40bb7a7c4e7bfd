"""Stickiness: on how many days each customer was active, and what share of them comes on one day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import histogram
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, COMPARE, TIMEZONE, WEEK_START, WHERE, ranged, unit_name, units


def present(given: Given) -> Found:
    """A bar per number of active units, and the mean share of a unit."""
    answer = given.answer
    # Units on which nobody has that many are shown too, so that the shape is true.
    most = max((days for days, _number in answer.active_units), default=0)
    by_days = dict(answer.active_units)
    days = list(range(1, most + 1))
    values = [by_days.get(each, 0) for each in days]
    who = [given.href(given.pick(days=each)) if by_days.get(each) else "" for each in days]
    title = _("Customers by number of active %(unit)s") % {"unit": _plural(given)}
    chart = Chart("stickiness", title, histogram(
        _("customers"), [str(each) for each in days], values, who, _("Active %(unit)s") % {"unit": _plural(given)},
    ))  # fmt: skip
    return Found(_finding(given), (chart,), _table(given), _facts(given), is_empty=not answer.reach.customers)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    words = _("active %(days)s times or more") if pick.get("at_least") else _("active %(days)s times")
    return words % {"days": pick.get("days", "")}


def _finding(given: Given) -> str:
    words = {"share": figures.percent(given.answer.dau_mau), "unit": unit_name(given)}
    return _("On a usual %(unit)s, %(share)s of the customers of the whole period are active.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    before = given.before.dau_mau if given.before is not None else None
    change = figures.change(given.answer.dau_mau, before, "rate") if given.before is not None else None
    number = given.answer.reach.customers
    return (
        Fact(_("Stickiness"), figures.percent(given.answer.dau_mau), "", change,
             figures.percent(before) if before is not None else ""),
        Fact(_("Customers"), figures.count(number), figures.count_exact(number),
             pick=given.pick(days=1, at_least=True) if number else None),
    )  # fmt: skip


def _table(given: Given) -> Table:
    total = given.answer.reach.customers
    rows, left = [], total
    for days, number in given.answer.active_units:
        share = number / total if total else None
        rows.append(
            (
                Cell(str(days), days),
                Cell(figures.count(number), number, given.pick(days=days)),
                Cell(figures.percent(share), share),
                Cell(figures.count(left), left, given.pick(days=days, at_least=True)),
            )
        )
        left -= number
    heads = columns(
        _("Active %(unit)s") % {"unit": _plural(given)}, _("Customers"), _("Share"), _("As many or more"),
    )  # fmt: skip
    return Table(heads, tuple(rows))


def _plural(given: Given) -> str:
    return {"day": _("days"), "week": _("weeks"), "month": _("months")}[given.asked["unit"]]


STICKINESS = Question(
    name="stickiness",
    title=pgettext_lazy("question", "Stickiness"),
    asks=gettext_lazy("On how many days is a customer active, and what share of them comes on one day?"),
    sentence=gettext_lazy("Counted by {unit}: on how many of them did customers do {events}?"),
    fields=(
        units("day", "day", "week", "month"),
        Field("events", "events", gettext_lazy("Active means"), least=1, between=gettext_lazy(" or ")),
        ranged("28d"),
        WHERE,
        AUDIENCE,
        COMPARE,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Stickiness = mean number of customers active in a unit ÷ customers active in the whole range."),
        gettext_lazy("With days and a range of a month this is DAU/MAU."),
    ),
    present=present,
    whom=whom,
    compares=True,
)
