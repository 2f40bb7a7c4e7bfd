"""Step doctor: why customers stop between two steps of a funnel: motivation, friction, prompt or reward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import diverging_bars
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, STEPS, TIMEZONE, WHERE, WITHIN, ranged, waited


def present(given: Given) -> Found:
    """A bar and a row per signal, and what to try where the two groups differ most."""
    said = given.answer.to_dict()
    known = [each for lever in said["levers"] for each in lever["signals"] if each["standardised"] is not None]
    names = [_said(each["name"]) for each in known]
    values = [each["standardised"] for each in known]
    bars = diverging_bars(names, values, [f"{value:+.2f}" for value in values])
    charts = (Chart("doctor", _("Went on against stopped, in units of their spread"), bars),) if known else ()
    notes = (*_advice(said), _said(said["caution"]))
    return Found(_said(said["conclusion"]), charts, _table(given, said), _facts(given, said), notes,
                 is_empty=not said["customers"])  # fmt: skip


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    return _("went on") if pick.get("went_on") else _("stopped here")


def _said(words: Mapping[str, str]) -> str:
    """The answer has its words in both languages."""
    return words["zh" if figures.locale().language == "zh" else "en"]


def _advice(said: Mapping[str, Any]) -> tuple[str, ...]:
    most = said["differs_most"]
    lever = next((each for each in said["levers"] if most and each["lever"] == most["lever"]), None)
    if lever is None:
        return ()
    between = "；" if figures.locale().language == "zh" else "; "
    return (_("To try: %(levers)s.") % {"levers": between.join(_said(each) for each in lever["try"])},)


def _facts(given: Given, said: Mapping[str, Any]) -> tuple[Fact, ...]:
    return (
        Fact(_("Went on"), figures.count(said["went_on"]), figures.count_exact(said["went_on"]),
             pick=given.pick(went_on=True) if said["went_on"] else None),
        Fact(_("Stopped"), figures.count(said["stopped"]), figures.count_exact(said["stopped"]),
             pick=given.pick() if said["stopped"] else None),
        Fact(_("Conversion"), figures.percent(said["rate"])),
    )  # fmt: skip


def _table(given: Given, said: Mapping[str, Any]) -> Table:
    heads = columns(
        _("Lever"), _("Signal"), _("Went on"), _("Stopped"), _("Lift"), _("Difference"), _("95 % interval"),
        numeric=(False, False, True, True, True, True, True),
    )  # fmt: skip
    rows = [_row(given, lever, each) for lever in said["levers"] for each in lever["signals"]]
    return Table(heads, tuple(rows))


def _row(given: Given, lever: Mapping[str, Any], signal: Mapping[str, Any]) -> tuple[Cell, ...]:
    kind = signal["measure"]
    low, high = signal["difference_low"], signal["difference_high"]
    between = figures.NO_VALUE if low is None or high is None else f"{_value(kind, low)} … {_value(kind, high)}"
    lift = signal["lift"]
    picks = [given.pick(signal=signal["signal"], went_on=went_on) for went_on in (True, False)]
    return (
        Cell(_said(lever["name"]), lever["lever"]),
        Cell(_said(signal["name"]), signal["signal"], is_text=True, tag=_("not known") if signal["because"] else ""),
        Cell(_value(kind, signal["went_on"]), signal["went_on"], picks[0] if signal["went_on"] else None),
        Cell(_value(kind, signal["stopped"]), signal["stopped"], picks[1] if signal["stopped"] else None),
        Cell(figures.NO_VALUE if lift is None else f"×{lift:.2f}", lift),
        Cell(_value(kind, signal["difference"]), signal["difference"]),
        Cell(between),
    )


def _value(kind: str, value: float | None) -> str:
    if value is None:
        return figures.NO_VALUE
    if kind == "share":
        return figures.percent(value)
    return f"{'-' if value < 0 else ''}{waited(abs(value))}" if kind == "median" else f"{value:.2f}"


# What counts as what; left empty it is what the question knows by itself.
_SIGNALS = tuple(
    Field(name, "event", label, none=none, rare=True)
    for name, label, none in (
        ("views", gettext_lazy("Looking at something is"), gettext_lazy("a product viewed, or searched")),
        ("pages", gettext_lazy("A page is"), gettext_lazy("all pages and screens")),
        ("fields", gettext_lazy("Filling in is"), pgettext_lazy("events", "nothing")),
        ("errors", gettext_lazy("An error is"), gettext_lazy("what is called so")),
        ("messages", gettext_lazy("A message of ours is"), gettext_lazy("any that was sent or opened")),
        ("slots", gettext_lazy("Being shown something is"), gettext_lazy("Exposed")),
        ("offers", gettext_lazy("A reward offered is"), gettext_lazy("every event with a coupon or discount")),
        ("taken", gettext_lazy("A reward taken is"), gettext_lazy("a coupon redeemed")),
    )
)

STEP_DOCTOR = Question(
    name="step_doctor",
    title=pgettext_lazy("question", "Step doctor"),
    asks=gettext_lazy("Why do customers stop between two steps: motivation, friction, prompt or reward?"),
    sentence=gettext_lazy("Of customers who did {steps} within {within}: why do some stop after step {step}?"),
    fields=(
        STEPS,
        WITHIN,
        Field("step", "number", gettext_lazy("Step"), 1, least=1, most=30),
        ranged(),
        WHERE,
        AUDIENCE,
        Field("before", "duration", gettext_lazy("Look back for intent"), "30d", rare=True),
        Field("shortly", "duration", gettext_lazy("Look back for prompts"), "1d", rare=True),
        Field("min_customers", "number", gettext_lazy("Fewest customers"), 30, least=2, rare=True),
        *_SIGNALS,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("(Motivation − friction) × prompt + reward; behaviour needs motivation, ability and a prompt."),
        gettext_lazy("Those who went on stand beside those who stopped, signal by signal, with the 95 % interval."),
        gettext_lazy("What differs is evidence for a test, not a cause."),
    ),
    present=present,
    whom=whom,
)
