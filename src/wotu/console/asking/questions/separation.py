"""Separation: what tells those who went on from a step of a funnel from those who stopped there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.accounts.masking import is_personal
from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import diverging_bars
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import (
    AUDIENCE,
    EXCLUDE,
    HOLD,
    ORDER,
    STEPS,
    TIMEZONE,
    WHERE,
    WITHIN,
    group_name,
    p_value,
    ranged,
)  # fmt: skip
from wotu.console.vocabulary import event_name, property_name

_DRAWN = 12
_CERTAIN = 0.05


def present(given: Given) -> Found:
    """The difference of shares per candidate, the surest first."""
    said = given.answer.to_dict()
    # Values of identifiers would tell who somebody is.
    rows = [each for each in said["candidates"] if given.sight.whole or not is_personal(str(each["name"]))]
    drawn = rows[:_DRAWN]
    values = [each["difference"] for each in drawn]
    bars = diverging_bars([_name(given, each) for each in drawn], values, [_signed(value) for value in values])
    title = _("Share among those who went on, less that among those who stopped, in percentage points")
    charts = (Chart("separation", title, bars),)
    return Found(
        _finding(given, rows), charts if rows else (), _table(given, rows), _facts(given, said),
        (_("Evidence for a test, not a cause."),), is_empty=not (said["converted"] or said["dropped"]),
    )  # fmt: skip


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    return _("went on") if pick.get("converted", True) else _("stopped here")


def _finding(given: Given, rows: list[dict[str, Any]]) -> str:
    sure = [each for each in rows if (each["adjusted_p"] or 0) < _CERTAIN]
    if not sure:
        return _("Nothing tells the two groups apart for certain.")
    words = {
        "name": _name(given, sure[0]), "went_on": figures.percent(sure[0]["share_converted"]),
        "stopped": figures.percent(sure[0]["share_dropped"]),
    }  # fmt: skip
    return _("“%(name)s” tells most: %(went_on)s of those who went on, %(stopped)s of those who stopped.") % words


def _facts(given: Given, said: Mapping[str, Any]) -> tuple[Fact, ...]:
    return (
        Fact(_("Went on"), figures.count(said["converted"]), figures.count_exact(said["converted"]),
             pick=given.pick(converted=True) if said["converted"] else None),
        Fact(_("Stopped"), figures.count(said["dropped"]), figures.count_exact(said["dropped"]),
             pick=given.pick(converted=False) if said["dropped"] else None),
        Fact(_("Candidates tried"), figures.count(said["tested"])),
    )  # fmt: skip


def _table(given: Given, rows: list[dict[str, Any]]) -> Table:
    heads = columns(
        _("What they have"), _("Went on"), _("Stopped"), _("Difference"), _("95 % interval"), _("Lift"),
        _("Adjusted p-value"),
    )  # fmt: skip
    made = [
        (
            Cell(_name(given, each), _name(given, each)),
            Cell(figures.percent(each["share_converted"]), each["share_converted"]),
            Cell(figures.percent(each["share_dropped"]), each["share_dropped"]),
            Cell(_points(each["difference"]), each["difference"]),
            Cell(" … ".join(_points(end) for end in each["interval"])),
            Cell(figures.NO_VALUE if each["lift"] is None else f"×{each['lift']:.2f}", each["lift"]),
            Cell(p_value(each["adjusted_p"]), each["adjusted_p"]),
        )
        for each in rows
    ]
    return Table(heads, tuple(made))


def _points(value: float) -> str:
    return _("%(points)s pts") % {"points": _signed(value)}


def _signed(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-", "\N{MINUS SIGN}")


def _name(given: Given, row: Mapping[str, Any]) -> str:
    if row["kind"] == "event":
        words = {"before": _("%(event)s before"), "between": _("%(event)s in between")}
        return words.get(str(row["when"]), "%(event)s") % {"event": given.sight.text(event_name(str(row["name"])))}
    value = _("(no value)") if row["value"] is None else group_name(row["value"], given.sight)
    return f"{property_name(str(row['name']).removeprefix('trait.'))} = {value}"


SEPARATION = Question(
    name="separation",
    title=pgettext_lazy("question", "Separation"),
    asks=gettext_lazy("What tells those who went on from a step from those who stopped there?"),
    sentence=gettext_lazy("Of customers who did {steps} within {within}: what tells those who stop after step {step}?"),
    fields=(
        STEPS,
        WITHIN,
        Field("step", "number", gettext_lazy("Step"), 1, least=1, most=30),
        ranged(),
        Field("least", "number", gettext_lazy("Fewest customers"), 20, least=1, rare=True),
        Field("top", "number", gettext_lazy("Candidates shown"), 50, least=1, most=500, rare=True),
        WHERE,
        AUDIENCE,
        ORDER,
        HOLD,
        TIMEZONE,
        EXCLUDE,
    ),
    definition=(
        gettext_lazy("Candidates: events before the step and after it, values of the step's event and of traits."),
        gettext_lazy("Intervals are Newcombe's at 95 %; p-values are Fisher's, adjusted for all that were tried."),
    ),
    present=present,
    whom=whom,
)
