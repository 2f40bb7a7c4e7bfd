"""Fields that many questions have, and what their answers share: periods that are over, and their labels."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field
from wotu.console.install import span

UNIT_NAMES = {
    "hour": pgettext_lazy("unit", "hour"), "day": pgettext_lazy("unit", "day"),
    "week": pgettext_lazy("unit", "week"), "month": pgettext_lazy("unit", "month"),
}  # fmt: skip


def units(default: str, *names: str) -> Field:
    """The length of a period."""
    return Field("unit", "choice", gettext_lazy("Unit"), default, tuple((name, UNIT_NAMES[name]) for name in names))


def ranged(default: str = "91d") -> Field:
    """From when to when."""
    return Field("range", "range", gettext_lazy("Time range"), default)


WHERE = Field("where", "filter", gettext_lazy("Filter"))
STEPS = Field(
    "steps", "events", gettext_lazy("Steps"), least=2, ordered=True, optional=True,
    after_first=gettext_lazy(", how many then did "), between=gettext_lazy(", then "),
)  # fmt: skip
WITHIN = Field("within", "duration", gettext_lazy("Within"), "7d")
AUDIENCE = Field("audience", "audience", gettext_lazy("Among"))
BY = Field("by", "property", gettext_lazy("Split by"))
COMPARE = Field(
    "compare", "choice", gettext_lazy("Compare"), "",
    (("", gettext_lazy("with nothing")), ("previous", gettext_lazy("with the time before"))),
)  # fmt: skip


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


def group_name(group: Any, sight: Any) -> str:
    """A value that an answer is split by."""
    if group == "(other)":
        return _("(other)")
    return _("(no value)") if group == "(none)" else str(sight.text(str(group)))
