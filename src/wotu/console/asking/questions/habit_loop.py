"""Habit loop: how often customers go round trigger, action, reward and investment, and whether they come unasked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import steps as draw_steps
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, GAP, TIMEZONE, WEEK_START, WHERE, period_row, ranged

STEPS = {
    "trigger": pgettext_lazy("habit loop", "Trigger"), "action": pgettext_lazy("habit loop", "Action"),
    "reward": pgettext_lazy("habit loop", "Reward"), "investment": pgettext_lazy("habit loop", "Investment"),
}  # fmt: skip


def present(given: Given) -> Found:
    """A bar per step of the loop, a row per week."""
    said = given.answer.to_dict()
    names = [str(STEPS[each["step"]]) for each in said["steps"]]
    values = [each["reached"] for each in said["steps"]]
    shown = [
        figures.count(each["reached"]) + (f" · {figures.percent(each['from_previous'])}" if place else "")
        for place, each in enumerate(said["steps"])
    ]
    who = [given.href(given.pick(step=each["step"])) if each["reached"] else "" for each in said["steps"]]
    chart = Chart("habit", _("Loops by the step they reached"), draw_steps(names, [("", values, shown, who)]))
    notes = () if said["unprompted"] is not None else (_("No message is recorded, so nobody knows who came unasked."),)
    return Found(_finding(said), (chart,), _table(given, said), _facts(given, said), notes, is_empty=not values[0])


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    if pick.get("unprompted"):
        words = _("came unasked")
    elif pick.get("loops"):
        words = _("a complete loop")
    else:
        words = str(STEPS.get(str(pick.get("step")), ""))
    return f"{words} · {pick['week']}" if pick.get("week") else words


def _finding(said: Mapping[str, Any]) -> str:
    if said["loops_per_customer_week"] is None:
        return _("Nobody was here in the period.")
    words = {"loops": figures.count(said["loops"]), "mean": f"{said['loops_per_customer_week']:.2f}"}
    whole = _("%(loops)s complete loops: %(mean)s per customer and week.") % words
    if said["unprompted_share"] is None:
        return whole
    share = _("%(share)s of returns came without a message.") % {"share": figures.percent(said["unprompted_share"])}
    return whole + ("" if figures.locale().language == "zh" else " ") + share


def _facts(given: Given, said: Mapping[str, Any]) -> tuple[Fact, ...]:
    loops, unprompted = said["loops"], said["unprompted"]
    return (
        Fact(_("Complete loops"), figures.count(loops), figures.count_exact(loops),
             pick=given.pick(loops=1) if loops else None),
        Fact(_("Returns"), figures.count(said["returns"]), figures.count_exact(said["returns"])),
        Fact(_("Unasked"), figures.percent(said["unprompted_share"]), figures.count_exact(unprompted),
             pick=given.pick(unprompted=True) if unprompted else None),
    )  # fmt: skip


def _table(given: Given, said: Mapping[str, Any]) -> Table:
    heads = columns(
        _("Week from"), _("Customers"), *(str(name) for name in STEPS.values()), _("Loops per customer"),
        _("Returns"), _("Unasked"),
    )  # fmt: skip
    rows = []
    for each in reversed(said["weeks"]):
        reached = [
            Cell(figures.count(count), count, given.pick(step=step, week=each["week"]) if count else None)
            for step, count in zip(STEPS, each["reached"], strict=True)
        ]
        mean = each["loops_per_customer"]
        rows.append(
            (
                Cell(period_row(each["week"], "week"), each["week"], tag="" if each["complete"] else _("not over")),
                Cell(figures.count(each["customers"]), each["customers"]), *reached,
                Cell(figures.NO_VALUE if mean is None else f"{mean:.2f}", mean),
                Cell(figures.count(each["returns"]), each["returns"]),
                Cell(figures.percent(each["unprompted_share"]), each["unprompted_share"]),
            )
        )  # fmt: skip
    return Table(heads, tuple(rows))


HABIT_LOOP = Question(
    name="habit_loop",
    title=pgettext_lazy("question", "Habit loop"),
    asks=gettext_lazy("How often do customers go round the loop, and do they come without being asked?"),
    sentence=gettext_lazy(
        "Loops from {trigger} to {action}, then the reward {reward} and the investment {investment}, within {within}"
    ),
    fields=(
        Field("trigger", "event", STEPS["trigger"], least=1),
        Field("action", "event", STEPS["action"], least=1),
        Field("reward", "event", STEPS["reward"], least=1),
        Field("investment", "event", STEPS["investment"], least=1),
        Field("within", "duration", gettext_lazy("Within"), "7d"),
        ranged(),
        WHERE,
        AUDIENCE,
        Field(
            "messages",
            "event",
            gettext_lazy("A message of ours is"),
            none=gettext_lazy("any that was sent or opened"),
            rare=True,
        ),
        Field(
            "message_within",
            "duration",
            gettext_lazy("A message asks for"),
            rare=True,
            hint=gettext_lazy("Whoever returns within this time was asked; empty: the time of the loop."),
        ),
        GAP,
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("A loop starts at a trigger and takes the earliest action, reward and investment after it."),
        gettext_lazy("The loops of a customer do not overlap; each counts in the week of its trigger."),
        gettext_lazy("A return is unasked when no message of ours came shortly before it."),
    ),
    present=present,
    whom=whom,
)
