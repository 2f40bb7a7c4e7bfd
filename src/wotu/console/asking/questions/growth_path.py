"""Growth path: from which lifecycle stage to which customers go, how long they stay, and who is stuck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import flows, wrapped
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, TIMEZONE, WEEK_START, WHERE, ranged, units

STAGES = {
    "none": pgettext_lazy("lifecycle", "not here yet"), "new": pgettext_lazy("lifecycle", "new"),
    "active": pgettext_lazy("lifecycle", "active"), "dormant": pgettext_lazy("lifecycle", "dormant"),
    "lost": pgettext_lazy("lifecycle", "lost"), "exploration": pgettext_lazy("lifecycle", "exploring"),
    "building": pgettext_lazy("lifecycle", "forming"), "stable": pgettext_lazy("lifecycle", "stable"),
    "declining": pgettext_lazy("lifecycle", "declining"),
}  # fmt: skip
_MOST_FACTS = 4


def present(given: Given) -> Found:
    """The flow between stages over the periods that are over, and a row per transition."""
    answer = given.answer
    rows = answer.to_dict()["matrix"]
    chart = Chart("growth-path", _("From stage to stage, at the ends of periods"), _chart(given, rows))
    return Found(
        _finding(given),
        (chart,),
        _table(given, rows),
        _facts(given),
        is_empty=not any(e.customers for e in answer.stages),
    )


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    if pick.get("stuck"):
        return _("stuck in %(stage)s") % {"stage": stage_name(str(pick["stuck"]))}
    return " → ".join(stage_name(str(pick.get(name, ""))) for name in ("from_", "to"))


def stage_name(key: str, name: str = "") -> str:
    """A stage in the language of the page; one of a scheme of one's own by its name."""
    return str(STAGES.get(key) or name or key)


def _finding(given: Given) -> str:
    stuck = [each for each in given.answer.stages if each.stuck]
    if not stuck:
        return _("Nobody has been in a stage for longer than most.")
    most = max(stuck, key=lambda each: each.stuck or 0)
    words = {
        "number": figures.count(most.stuck), "stage": stage_name(most.stage, most.name),
        "days": f"{most.stuck_after_days:,.0f}",
    }  # fmt: skip
    return _("%(number)s customers are stuck in “%(stage)s”: longer than %(days)s days, as few ever were.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            stage_name(each.stage, each.name), figures.count(each.customers), figures.count_exact(each.customers),
            note=_("median stay %(days)s days") % {"days": _days(each.median_days)},
        )
        for each in given.answer.stages[:_MOST_FACTS]
    )  # fmt: skip


def _chart(given: Given, rows: list[dict[str, Any]]) -> Any:
    keys = list(dict.fromkeys([*(row["from"] for row in rows), *(row["to"] for row in rows)]))
    names = {each.stage: each.name for each in given.answer.stages}
    sums = [{key: sum(row["customers"] for row in rows if row[end] == key) for key in keys} for end in ("from", "to")]
    boxes = [(stage_name(key, names.get(key, "")), key, side, sums[side][key], "") for side in (0, 1) for key in keys]
    ends = [(keys.index(row["from"]), len(keys) + keys.index(row["to"])) for row in rows]
    used = sorted({end for pair in ends for end in pair})
    links = [
        (used.index(near), used.index(far), row["customers"], _link_words(row, names), given.href(_pick(given, row)))
        for (near, far), row in zip(ends, rows, strict=True)
    ]
    return flows([boxes[end] for end in used], links)


def _link_words(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    ends = " → ".join(wrapped(stage_name(row[end], names.get(row[end], ""))) for end in ("from", "to"))
    return f"{ends} <b>{figures.count_exact(row['customers'])}</b>"


def _pick(given: Given, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return given.pick(from_=row["from"], to=row["to"])


def _table(given: Given, rows: list[dict[str, Any]]) -> Table:
    names = {each.stage: each.name for each in given.answer.stages}
    moved = [
        (
            Cell(stage_name(row["from"], names.get(row["from"], "")), row["from"]),
            Cell(stage_name(row["to"], names.get(row["to"], "")), row["to"], is_text=True),
            Cell(figures.count(row["customers"]), row["customers"], _pick(given, row)),
            Cell(figures.percent(row["share"]), row["share"]),
        )
        for row in sorted(rows, key=lambda row: -row["customers"])
    ]
    stuck = [
        (
            Cell(stage_name(each.stage, each.name), each.stage), Cell(_("stuck"), "stuck", is_text=True),
            Cell(figures.count(each.stuck), each.stuck, given.pick(stuck=each.stage)), Cell(figures.NO_VALUE),
        )
        for each in given.answer.stages if each.stuck
    ]  # fmt: skip
    heads = columns(_("From"), _("To"), _("Moves"), _("Of the stage"), numeric=(False, False, True, True))
    return Table(heads, (*moved, *stuck))


def _days(days: float | None) -> str:
    return figures.NO_VALUE if days is None else f"{days:,.0f}"


GROWTH_PATH = Question(
    name="growth_path",
    title=pgettext_lazy("question", "Growth path"),
    asks=gettext_lazy("From which stage of life to which do customers go, how long do they stay, and who is stuck?"),
    sentence=gettext_lazy("Show how customers move each {unit} between the stages of {scheme}, as told by {events}"),
    fields=(
        Field(
            "scheme", "scheme", gettext_lazy("Stages"), "activity",
            (
                ("activity", pgettext_lazy("scheme", "activity")),
                ("relationship", pgettext_lazy("scheme", "the relationship")),
                ("own", pgettext_lazy("scheme", "my own")),
            ),
        ),
        units("month", "day", "week", "month"),
        Field("events", "events", gettext_lazy("Activity is"), between=gettext_lazy(" or ")),
        ranged("365d"),
        WHERE,
        AUDIENCE,
        Field(
            "stuck_after", "spans", gettext_lazy("Stuck after"), sample="60d", rare=True,
            hint=gettext_lazy("A time, or one for each stage: new=14d, dormant=90d. Empty: longer than nine in ten."),
        ),
        WEEK_START,
        TIMEZONE,
    ),
    definition=(
        gettext_lazy("Each customer is in one stage at any time: the first of the scheme whose rule fits."),
        gettext_lazy("Transitions compare the ends of two periods in a row, over the periods that are over."),
        gettext_lazy("One customer can make the same move several times, once in each pair of periods."),
        gettext_lazy("Stuck: in a stage for longer than nine in ten of the stays in it that ended."),
    ),
    present=present,
    whom=whom,
)  # fmt: skip
