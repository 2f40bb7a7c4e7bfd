"""What an answer means, in plain words: the rule, and the parameters that were used, defaults too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from wotu.console import figures
from wotu.console.asking.declaring import Asked
from wotu.console.asking.forms import arguments, complete
from wotu.console.asking.kinds import KINDS
from wotu.console.asking.ranges import last_words


@dataclass(frozen=True)
class Definition:
    """``rules`` are sentences; ``parameters`` are named values in words."""

    name: str
    rules: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


def definition_of(asked: Asked, now: datetime) -> Definition:
    """The definition of ``asked``, as of the day it is."""
    question = asked.question
    known = complete(asked)
    parameters = [
        (str(each.label), KINDS[each.kind].words(each, known[each.name]))
        for each in question.fields
        if each.name in known and each.kind != "range"
    ]
    parameters.append((_("Time range"), range_words(asked, now)))
    return Definition(str(question.title), tuple(str(each) for each in question.definition), tuple(parameters))


def range_words(asked: Asked, now: datetime) -> str:
    """The days that count: a name where they have one, and from when to when."""
    known = complete(asked)
    asked_for = arguments(asked, now)
    since, until = (_day(asked_for.get(name)) for name in ("since", "until"))
    last = now.date() if now.hour or now.minute else now.date() - timedelta(days=1)
    end = until - timedelta(days=1) if until else last
    if since is None:
        return _("all time up to %(day)s") % {"day": figures.day(end)}
    days = figures.interval(since, end + timedelta(days=1)) if end >= since else figures.day(since)
    return f"{last_words(known['last'])} · {days}" if known.get("last") else days


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10]) if text else None
    except ValueError:
        return None
