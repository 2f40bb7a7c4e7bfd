"""Fields that many questions have, and what their answers share: periods that are over, and their labels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field
from wotu.console.asking.entries import BORDERS, OF_STEPS
from wotu.console.install import span
from wotu.console.vocabulary import list_text
from wotu.core.periods import WEEKDAYS

UNIT_NAMES = {
    "hour": pgettext_lazy("unit", "hour"), "day": pgettext_lazy("unit", "day"),
    "week": pgettext_lazy("unit", "week"), "month": pgettext_lazy("unit", "month"),
}  # fmt: skip

_LEAST_P = 0.001


WEEKDAY_NAMES = {
    "monday": gettext_lazy("Monday"), "tuesday": gettext_lazy("Tuesday"), "wednesday": gettext_lazy("Wednesday"),
    "thursday": gettext_lazy("Thursday"), "friday": gettext_lazy("Friday"), "saturday": gettext_lazy("Saturday"),
    "sunday": gettext_lazy("Sunday"),
}  # fmt: skip


def units(default: str, *names: str) -> Field:
    """The length of a period."""
    return Field("unit", "choice", gettext_lazy("Unit"), default, tuple((name, UNIT_NAMES[name]) for name in names))


def ranged(default: str = "91d") -> Field:
    """From when to when."""
    return Field("range", "range", gettext_lazy("Time range"), default)


WHERE = Field("where", "filter", gettext_lazy("Filter"))
STEPS = Field(
    "steps", "events", gettext_lazy("Steps"), least=2, ordered=True, extras=OF_STEPS,
    after_first=gettext_lazy(", how many then did "), between=gettext_lazy(", then "),
)  # fmt: skip
WITHIN = Field("within", "duration", gettext_lazy("Within"), "7d")
ORDER = Field(
    "order", "choice", gettext_lazy("Order of steps"), "ordered",
    (
        ("ordered", pgettext_lazy("order of steps", "in order, others may come between")),
        ("strict", pgettext_lazy("order of steps", "one right after the other")),
        ("any", pgettext_lazy("order of steps", "in any order")),
    ),
    rare=True,
)  # fmt: skip
EXCLUDE = Field(
    "exclude", "events", gettext_lazy("Never between steps"), extras=BORDERS, between=gettext_lazy(", "),
    none=pgettext_lazy("events", "nothing"), rare=True,
    hint=gettext_lazy("Whoever did it between the steps has not done the funnel with that attempt."),
)  # fmt: skip
HOLD = Field(
    "hold", "property", gettext_lazy("The same in every step"), none=gettext_lazy("not required"), rare=True,
)  # fmt: skip
AUDIENCE = Field("audience", "audience", gettext_lazy("Among"))
BY = Field("by", "property", gettext_lazy("Split by"))
TOP = Field(
    "top", "number", gettext_lazy("Values named"), 10, least=1, most=100, rare=True,
    hint=gettext_lazy("Of the breakdown; the rest stands together as (other)."),
)  # fmt: skip
COMPARE = Field(
    "compare", "compare", gettext_lazy("Compare"), "",
    (
        ("", gettext_lazy("with nothing")), ("previous", gettext_lazy("with the time before")),
        ("year", gettext_lazy("with the year before")), ("own", gettext_lazy("with own dates")),
    ),
)  # fmt: skip
GAP = Field("gap", "duration", gettext_lazy("A visit ends after silence of"), "30m", rare=True)
# What the workspace is set to ends a visit here, if nothing else does.
OWN_GAP = replace(GAP, default=None)
CLEAN = Field(
    "clean", "renaming", gettext_lazy("Events that count as one"), rare=True,
    hint=gettext_lazy("A pattern such as Page: /item/*, in which * stands for any text, and the name it gets."),
)  # fmt: skip
WEEK_START = Field(
    "week_start", "choice", gettext_lazy("Weeks begin on"), "",
    (("", gettext_lazy("as the workspace says")), *((day, WEEKDAY_NAMES[day]) for day in WEEKDAYS)), rare=True,
)  # fmt: skip
TIMEZONE = Field(
    "timezone", "zone", gettext_lazy("Time zone"), sample="Asia/Shanghai", rare=True,
    hint=gettext_lazy("Where days begin; empty: as the workspace says."),
)  # fmt: skip


def before_words(given: Any) -> str:
    """What the time an answer is compared with is called."""
    compare = given.asked["compare"]
    if compare == "previous":
        return _("the period before")
    return _("the year before") if compare == "year" else str(compare).replace("..", " – ")


def period_end(label: str, unit: str) -> date:
    """The day on which the period of a label is over."""
    start = date.fromisoformat(label[:10])
    if unit == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days={"week": 7}.get(unit, 1))


def period_label(label: str, unit: str) -> str:
    """A period as an axis names it; its year where it begins one."""
    if unit == "hour":
        return label[5:16].replace("T", " ")
    start = date.fromisoformat(label[:10])
    if unit == "month":
        return f"{start:%Y-%m}"
    return figures.month_day(start)


def period_words(label: str, unit: str) -> str:
    """A period in a sentence."""
    if unit == "hour":
        return label[:16].replace("T", " ")
    start = date.fromisoformat(label[:10])
    if unit == "month":
        return f"{start:%Y-%m}"
    if unit == "week":
        return _("the week of %(day)s") % {"day": figures.day(start)}
    return figures.day(start)


def unit_name(given: Any) -> str:
    """The unit of a question in words."""
    return str(UNIT_NAMES[given.asked["unit"]])


def period_heading(unit: str) -> str:
    """What a column of periods is called."""
    return {"hour": _("Hour"), "day": _("Day"), "month": _("Month")}.get(unit) or _("Week from")


def period_row(label: str, unit: str) -> str:
    """A period in a column of them."""
    if unit in ("hour", "month"):
        return period_words(label, unit)
    return figures.day(date.fromisoformat(label[:10]))


def waited(seconds: float | None) -> str:
    """A length of time in the unit people would use."""
    return figures.NO_VALUE if seconds is None else span(seconds)


def p_value(value: float | None) -> str:
    """A p-value: below a thousandth its digits tell nothing."""
    if value is None:
        return figures.NO_VALUE
    return "< 0.001" if value < _LEAST_P else f"{value:.3f}"


def group_name(group: Any, sight: Any) -> str:
    """A value that an answer is split by."""
    if group == "(other)":
        return _("(other)")
    return _("(no value)") if group == "(none)" else list_text(str(sight.text(str(group))))
