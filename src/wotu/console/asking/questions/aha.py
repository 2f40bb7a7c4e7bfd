"""Aha moment: which behaviour in the first days tells the customers who stay from those who do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import lying_bars
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, TIMEZONE, WEEK_START, WHERE, p_value, ranged, units
from wotu.console.vocabulary import event_name

_CERTAIN = 0.05
_KINDS = {
    "people": gettext_lazy("people invited"), "kinds": gettext_lazy("different events"),
    "days": gettext_lazy("active days"), "weeks": gettext_lazy("active weeks"),
}  # fmt: skip


def present(given: Given) -> Found:
    """A bar and a row per candidate, the best first."""
    said = given.answer.to_dict()
    rows = said["candidates"]
    names = [_name(given, each) for each in rows]
    values = [max(each["mcc"] or 0.0, 0.0) for each in rows]
    shown = [figures.NO_VALUE if each["mcc"] is None else f"{each['mcc']:.2f}" for each in rows]
    who = [given.href(given.pick(rank=each["rank"])) for each in rows]
    chart = Chart("aha", _("How well each tells who stays (MCC)"), lying_bars(names, values, shown, who))
    notes = (_("It goes together with staying; that it is the cause has to be tested."),)
    charts = (chart,) if rows else ()
    return Found(_finding(given, rows), charts, _table(given, rows), _facts(said), notes, not said["customers"])


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    words = _("candidate %(rank)s, did it") if pick.get("did", True) else _("candidate %(rank)s, did not do it")
    stayed = pick.get("stayed")
    more = "" if stayed is None else " · " + (_("stayed") if stayed else _("left"))
    return words % {"rank": pick.get("rank", 1)} + more


def _finding(given: Given, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return _("Too few customers did, and did not do, any one thing to tell.")
    best = rows[0]
    words = {
        "name": _name(given, best), "with": figures.percent(best["retention_with"]),
        "without": figures.percent(best["retention_without"]),
    }  # fmt: skip
    whole = _("Of those with %(name)s in the first days %(with)s stay, of the others %(without)s.") % words
    if (best["adjusted_p_value"] or 0) > _CERTAIN:
        return whole + ("" if figures.locale().language == "zh" else " ") + _("The difference may be chance.")
    return whole


def _facts(said: Mapping[str, Any]) -> tuple[Fact, ...]:
    return (
        Fact(_("Customers"), figures.count(said["customers"]), figures.count_exact(said["customers"])),
        Fact(_("Stay"), figures.percent(said["retention"])),
        Fact(_("Candidates tried"), figures.count(said["tested"])),
    )


def _table(given: Given, rows: list[dict[str, Any]]) -> Table:
    heads = columns(
        _("In the first days"), _("Did it"), _("Stay, of these"), _("Stay, of others"), _("Lift"), _("Recall"),
        "MCC", _("Adjusted p-value"),
    )  # fmt: skip
    made = [
        (
            Cell(_name(given, each), each["label"]),
            Cell(figures.count(each["did"]), each["did"], given.pick(rank=each["rank"]) if each["did"] else None),
            Cell(figures.percent(each["retention_with"]), each["retention_with"]),
            Cell(figures.percent(each["retention_without"]), each["retention_without"]),
            _decimal(each["lift"], "×"), Cell(figures.percent(each["recall"]), each["recall"]),
            _decimal(each["mcc"]), Cell(p_value(each["adjusted_p_value"]), each["adjusted_p_value"]),
        )
        for each in rows
    ]  # fmt: skip
    return Table(heads, tuple(made))


def _decimal(value: float | None, sign: str = "") -> Cell:
    return Cell(figures.NO_VALUE if value is None else f"{sign}{value:.2f}", value)


def _name(given: Given, row: Mapping[str, Any]) -> str:
    name = _KINDS.get(row["kind"]) or event_name(str(row["event"]))
    return f"{given.sight.text(str(name))} ≥ {row['least']}"


AHA = Question(
    name="aha",
    title=pgettext_lazy("question", "Aha moment"),
    asks=gettext_lazy("Which behaviour in the first days tells the customers who stay from those who do not?"),
    sentence=gettext_lazy(
        "Of customers who did {born}, what in the first {within} tells who does {returns} in {unit} number {period}?"
    ),
    fields=(
        Field("born", "event", gettext_lazy("First")),
        Field("within", "duration", gettext_lazy("First days"), "7d"),
        Field("returns", "event", gettext_lazy("Stay means")),
        units("week", "day", "week", "month"),
        Field("period", "number", gettext_lazy("Period"), 4, least=1, most=400),
        ranged("365d"),
        WHERE,
        AUDIENCE,
        Field("min_customers", "number", gettext_lazy("Fewest customers"), 30, least=1, rare=True),
        Field("top", "number", gettext_lazy("Candidates shown"), 20, least=1, most=500, rare=True),
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Each candidate is ranked on one half of the customers and reported on the other half."),
        gettext_lazy("MCC is the correlation between doing it and staying: 1 is perfect, 0 is none."),
        gettext_lazy("p-values are adjusted for the number of candidates that were tried."),
    ),
    present=present,
    whom=whom,
)
