"""Output: how many conversions and how much revenue visits bring, and customers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import shares
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    COMPARE,
    OWN_GAP,
    TIMEZONE,
    WEEK_START,
    WHERE,
    period_heading,
    period_row,
    ranged,
    units,
)
from wotu.console.asking.times import Times
from wotu.console.vocabulary import event_name


def present(given: Given) -> Found:
    """The share of visits that converted over time, and a row per period."""
    unit = given.asked["unit"]
    periods = given.answer.periods
    times = Times(tuple(label for label, _over, _numbers in periods), unit)
    rates = [_rate(numbers) for _label, _over, numbers in periods]
    drawn = shares(_("Conversion"), times.places, rates, times.layout())
    chart = Chart("output", _("Share of visits that converted"), drawn, times=times)
    return Found(_finding(given), (chart,), _table(given), _facts(given), is_empty=not given.answer.total.visits)


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    words = _("visited and did not convert") if pick.get("converted") is False else _("visited and converted")
    return " · ".join(each for each in (words, str(pick.get("period") or "")) if each)


def _rate(numbers: Any) -> float | None:
    return numbers.converting_visits / numbers.visits if numbers.visits else None


def _finding(given: Given) -> str:
    total, told = given.answer.total, given.answer.total.to_dict(given.answer.currency)
    name = " / ".join(given.sight.text(event_name(each)) for each in given.answer.conversion.split(" | "))
    words = {
        "visits": figures.count(total.visits), "share": figures.percent(_rate(total)), "event": name,
        "revenue": _money(given, told["revenue_per_visit"]),
    }  # fmt: skip
    if told["revenue_per_visit"] is None:
        return _("Nobody visited in the period.")
    return _("%(share)s of %(visits)s visits brought %(event)s; a visit brings %(revenue)s.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    currency = given.answer.currency
    total, before = given.answer.total, given.before.total if given.before is not None else None
    told, then = total.to_dict(currency), before.to_dict(currency) if before is not None else {}
    return (
        Fact(
            _("Visits that converted"), figures.percent(_rate(total)), figures.count_exact(total.converting_visits),
            figures.change(_rate(total), _rate(before), "rate") if before else None,
            figures.percent(_rate(before)) if before else "", "good",
        ),
        Fact(
            _("Customers who converted"), figures.count(total.converting_customers),
            figures.count_exact(total.converting_customers),
            figures.change(total.converting_customers, before.converting_customers, "count") if before else None,
            figures.count(before.converting_customers) if before else "", "good",
            given.pick(converted=True) if total.converting_customers else None,
        ),
        _money_fact(given, _("Revenue of a visit"), told["revenue_per_visit"], then.get("revenue_per_visit")),
        _money_fact(given, _("Revenue of a customer"), told["revenue_per_customer"], then.get("revenue_per_customer")),
    )  # fmt: skip


def _money_fact(given: Given, name: str, value: str | None, before: str | None) -> Fact:
    now, then = (None if each is None else Decimal(each) for each in (value, before))
    change = figures.change(now, then, "money") if given.before is not None else None
    return Fact(name, _money(given, value), value or "", change, _money(given, before), "good")


def _table(given: Given) -> Table:
    unit, currency = given.asked["unit"], given.answer.currency
    heads = columns(
        period_heading(unit), _("Visits"), _("Customers"), _("Conversions"), _("Visits that converted"),
        _("Customers who converted"), _("Did not convert"), _("Revenue"), _("Revenue of a visit"),
        _("Revenue of a customer"),
    )  # fmt: skip
    rows = []
    for label, over, numbers in reversed(given.answer.periods):
        told = numbers.to_dict(currency)
        lost = numbers.customers - numbers.converting_customers
        rows.append((
            Cell(period_row(label, unit), label, tag="" if over else _("not over")),
            Cell(figures.count(numbers.visits), numbers.visits),
            Cell(figures.count(numbers.customers), numbers.customers),
            Cell(figures.count(numbers.conversions), numbers.conversions),
            Cell(figures.percent(_rate(numbers)), _rate(numbers)),
            Cell(figures.count(numbers.converting_customers), numbers.converting_customers,
                 given.pick(period=label, converted=True) if numbers.converting_customers else None),
            Cell(figures.count(lost), lost, given.pick(period=label, converted=False) if lost else None),
            *(Cell(_money(given, told[name]), told[name])
              for name in ("revenue", "revenue_per_visit", "revenue_per_customer")),
        ))  # fmt: skip
    return Table(heads, tuple(rows))


def _money(given: Given, value: str | None) -> str:
    return figures.NO_VALUE if value is None else figures.money(Decimal(value), given.currency)


OUTPUT = Question(
    name="output",
    title=pgettext_lazy("question", "Output of visits"),
    asks=gettext_lazy("How many conversions and how much revenue does a visit bring, and a customer?"),
    sentence=gettext_lazy("Show what the visits of each {unit} bring, where {conversion} is wanted"),
    fields=(
        units("week", "day", "week", "month"),
        Field("conversion", "event", gettext_lazy("Conversion"), "Order Completed", least=1),
        ranged(),
        WHERE,
        AUDIENCE,
        COMPARE,
        OWN_GAP,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("A visit and all that happened in it count in the period in which it began."),
        gettext_lazy("A visit converted when it has the event that is wanted."),
        gettext_lazy("Revenue: of the orders placed during a visit, refunds taken off, cancelled orders left out."),
    ),
    present=present,
    whom=whom,
    compares=True,
)
