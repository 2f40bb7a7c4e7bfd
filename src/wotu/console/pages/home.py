"""Home: what changed, why, and where customers stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.console import figures
from wotu.console.answers import ask, workspace
from wotu.console.charts import growth_chart, unused_style
from wotu.console.drawing import diverging_bar, sparkline
from wotu.console.exporting import export
from wotu.console.permissions import require_export
from wotu.console.segments import board
from wotu.console.sentence import what_changed
from wotu.console.whom import STATES, state_query
from wotu.console.words import EXISTING_FACTORS, FACTOR_UNITS, FACTORS, FIGURES

PERIODS = (7, 28, 91, 365)
_CARDS = ("revenue", "active_customers", "repeat_rate", "order_value", "new_customers")
_FLOW = ("new_customers", "returning_customers", "resurrecting_customers", "dormant_customers")
ORDERS = "Order Completed"
WEEKS = 13


@dataclass(frozen=True)
class Card:
    """A figure as it is shown: in short, in full, against the period before."""

    key: str
    name: str
    definition: str
    shown: str
    exact: str
    before: str
    change: figures.Change
    tone: str
    path: str
    query: str


@dataclass(frozen=True)
class Part:
    """One contribution to the change of revenue, as a bar."""

    key: str
    name: str
    amount: Decimal
    left: float
    width: float
    value: str
    level: int


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page, for the last 7, 28, 91 or 365 days."""
    if workspace().is_empty():
        return render(request, "console/home_empty.html", {"room": "home"})
    days = _days(request)
    currency = settings.WOTU_SETTINGS.currency
    overview = ask("overview", days=days)
    growth = _growth()
    layers = ask("rfm")
    context = {
        "room": "home",
        "overview": overview,
        "sentence": what_changed(overview, currency),
        "interval": figures.interval(overview.since, overview.until),
        "period": figures.period_name(days),
        "periods": [(each, figures.period_label(each), each == days) for each in PERIODS],
        "cards": [card(overview.figures[key], currency, days) for key in _CARDS],
        "flow": [card(overview.figures[key], currency, days) for key in _FLOW],
        "parts": contributions(overview, currency),
        "compared": bool(overview.figures["revenue"].previous),
        "total": sum((part.amount for part in overview.changes), Decimal(0)),
        "weeks": list(zip([_week(period.period) for period in growth], growth, strict=True)),
        "chart": growth_chart(growth, [_week(period.period) for period in growth]),
        "unused_style": unused_style(),
        "board": board(layers, ""),
        "unconverted": layers.unconverted,
    }
    response = render(request, "console/home.html", context)
    response.has_chart = True  # type: ignore[attr-defined]
    return response


@require_safe
def export_growth(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The table behind the growth chart."""
    require_export(request, kind)
    header = [_("Week from"), _("Complete"), *(FIGURES[key].name for key in _FLOW), _("Quick ratio")]
    rows = [
        (week.period, int(week.complete), week.new, week.returning, week.resurrecting, week.dormant, week.quick_ratio)
        for week in _growth()
    ]
    return export(request, "growth", header, rows, kind=kind, total=len(rows))


def card(figure: Any, currency: str, days: int) -> Card:
    """A figure with everything its card shows; one that counts customers leads to them."""
    state = figure.name.removesuffix("_customers")
    words = FIGURES[figure.name]
    change = figures.change(figure.value, figure.previous, figure.unit)
    good = {"up": words.more_is == "good", "down": words.more_is == "bad"}.get(change.direction)
    return Card(
        key=figure.name,
        name=str(words.name),
        definition=str(words.definition),
        shown=figures.shown(figure.value, figure.unit, currency),
        exact=figures.exact(figure.value, figure.unit, currency),
        # "From none" has said it already.
        before=figures.shown(figure.previous, figure.unit, currency)
        if figure.previous or figure.unit != "money"
        else "",
        change=change,
        tone="" if good is None else "good" if good else "bad",
        path=sparkline(figure.trend),
        query=state_query(state, days) if state in STATES and figure.value else "",
    )


def contributions(overview: Any, currency: str) -> list[Part]:
    """The change of revenue by factor: existing customers, then new ones, each with its sum first."""
    by_factor = {part.factor: part for part in overview.changes}
    existing = [by_factor[key] for key in EXISTING_FACTORS if key in by_factor]
    new = [part for part in overview.changes if part.factor not in EXISTING_FACTORS]
    groups = [("existing", _("From existing customers"), existing), ("new", _("From new customers"), new)]
    sums = [sum((part.amount for part in parts), Decimal(0)) for _key, _name, parts in groups]
    largest = float(max([abs(part.amount) for part in overview.changes] + [abs(total) for total in sums], default=0))
    rows = []
    for (key, name, parts), total in zip(groups, sums, strict=True):
        if parts:
            rows.append(Part(key, name, total, *diverging_bar(float(total), largest), value="", level=1))
        for part in parts:
            unit: Any = FACTOR_UNITS[part.factor]
            moved = f"{figures.shown(part.previous, unit, currency)} → {figures.shown(part.value, unit, currency)}"
            bar = diverging_bar(float(part.amount), largest)
            rows.append(Part(part.factor, str(FACTORS[part.factor]), part.amount, *bar, value=moved, level=2))
    return rows


def _growth() -> tuple[Any, ...]:
    return tuple(ask("growth_accounting", ORDERS, unit="week", periods=WEEKS).periods)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "28")
    return int(asked) if asked in {str(each) for each in PERIODS} else 28


def _week(period: str) -> str:
    return figures.month_day(date.fromisoformat(period))
