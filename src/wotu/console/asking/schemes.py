"""Schemes of lifecycle stages: one by its name, or rules of one's own, of which the first that fits names the stage.

An address sends ``scheme=relationship``, or ``scheme=own`` with ``scheme.1.name=新客`` and ``scheme.1.first=30d``
(the first event lies at most so long back) and ``scheme.1.active=60d`` (the last one does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.asking.durations import duration_words, is_duration, split_duration

OWN = "own"
MOST_STAGES = 20
_MADE = "stage_"
_PARTS = ("name", "first", "active", "stage")
_SPANS = {"first": "first_within", "active": "active_within"}


@dataclass(frozen=True)
class Stage:
    """One stage as it is typed; ``stage`` is its key, which is kept where there is one."""

    name: str = ""
    first: str = ""
    active: str = ""
    stage: str = ""
    prefix: str = ""

    @property
    def spans(self) -> tuple[tuple[str, tuple[str, str], str], ...]:
        """Both durations: the name of the input, number and unit, and what it asks."""
        return (
            (f"{self.prefix}.first", split_duration(self.first), _("first event at most so long ago")),
            (f"{self.prefix}.active", split_duration(self.active), _("last event at most so long ago")),
        )

    def rule(self, number: int) -> dict[str, str]:
        """The rule as the workspace takes it."""
        times = {_SPANS[part]: text for part in _SPANS if (text := str(getattr(self, part)))}
        return {"stage": self.stage or f"{_MADE}{number}", "name": self.name, **times}


@dataclass(frozen=True)
class SchemeShown:
    """A scheme as its page shows it: the name that is chosen, and the stages of one's own."""

    chosen: str
    stages: tuple[Stage, ...]


# What one's own begins with, to be changed.
_BEGIN = (("30d", ""), ("", "30d"), ("", "90d"), ("", ""))


def read(of: Field, form: Form) -> Typed:
    """The scheme; buttons add (``scheme:add``) and take out (``scheme:drop:2``) a stage."""
    chosen = form.get(of.name) or str(of.default)
    stages = _stages(of, form)
    slots = (of.name, *(f"{of.name}.{number}" for number in range(1, len(stages) + 1)))
    shown = SchemeShown(chosen, stages)
    if chosen != OWN:
        wrong = {} if chosen in dict(of.options) else {of.name: _("Choose one of the options.")}
        usual = chosen == of.default or bool(wrong)
        kept = [] if chosen == of.default else [(of.name, chosen)]
        return Typed(None if usual else chosen, kept, shown, wrong, slots)
    errors = {
        f"{of.name}.{number}": problem for number, stage in enumerate(stages, start=1) if (problem := _wrong(stage))
    }
    value = [stage.rule(number) for number, stage in enumerate(stages, start=1)]
    return Typed(None if errors else value, _pairs(of, stages), shown, errors, slots)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that says the scheme."""
    if isinstance(value, str):
        return [] if value == of.default else [(of.name, value)]
    given = [
        Stage(
            str(rule.get("name") or rule.get("stage") or ""), str(rule.get("first_within") or ""),
            str(rule.get("active_within") or ""), _own_key(str(rule.get("stage") or "")),
        )
        for rule in value
    ]  # fmt: skip
    return _pairs(of, tuple(given))


def words(of: Field, value: Any) -> str:
    """The scheme in words."""
    if isinstance(value, str):
        return str(dict(of.options).get(value, value))
    return ", ".join(_stage_words(rule) for rule in value)


def _stage_words(rule: Mapping[str, Any]) -> str:
    said = []
    if rule.get("first_within"):
        said.append(_("first event at most %(span)s ago") % {"span": duration_words(rule["first_within"])})
    if rule.get("active_within"):
        said.append(_("last event at most %(span)s ago") % {"span": duration_words(rule["active_within"])})
    return f"{rule['name']} ({', '.join(said)})" if said else str(rule["name"])


def _stages(of: Field, form: Form) -> tuple[Stage, ...]:
    stages = [
        Stage(*(_typed(f"{of.name}.{number}.{part}", form) for part in _PARTS))
        for number in list(form.numbers(of.name))[:MOST_STAGES]
    ]
    if not stages:
        names = (_("New"), _("Active"), _("Dormant"), _("Lost"))
        stages = [Stage(name, *spans) for name, spans in zip(names, _BEGIN, strict=True)]
    prefix, _colon, what = form.get("do").partition(":")
    act, _colon, number = what.partition(":")
    if prefix == of.name and act == "add" and len(stages) < MOST_STAGES:
        # The last one takes everybody who is left, so that a new one stands before it.
        stages = [*stages[:-1], Stage(), stages[-1]]
    if prefix == of.name and act == "drop":
        stages = [each for place, each in enumerate(stages, start=1) if str(place) != number]
    return tuple(replace(each, prefix=f"{of.name}.{place}") for place, each in enumerate(stages, start=1))


def _own_key(stage: str) -> str:
    """The key of a stage, where it is not one of those that are made from its place."""
    return "" if stage.startswith(_MADE) else stage


def _typed(name: str, form: Form) -> str:
    if f"{name}.n" in form:
        number = form.get(f"{name}.n")
        return f"{number}{form.get(f'{name}.unit')}" if number else ""
    return form.get(name)


def _wrong(stage: Stage) -> str:
    if not stage.name:
        return _("Give the stage a name.")
    wrong = [text for text in (stage.first, stage.active) if text and not is_duration(text)]
    return _("Write a whole number of at least 1.") if wrong else ""


def _pairs(of: Field, stages: tuple[Stage, ...]) -> Pairs:
    return [(of.name, OWN)] + [
        (f"{of.name}.{number}.{part}", str(getattr(stage, part)))
        for number, stage in enumerate(stages, start=1)
        for part in _PARTS
        if part == "name" or getattr(stage, part)
    ]
