"""Lifecycle schemes: the stages a customer goes through, told by when they first and last did something.

A scheme is data: a list of rules, of which the first that fits names the stage, so that a customer is in exactly
one. ``first_within``: the first event lies at most so long back; ``active_within``: the last one does. A rule
with neither fits everybody, and is the last.

>>> scheme = parse_scheme("activity")
>>> day = 86_400_000_000
>>> [scheme.at(moment * day, first=0, last=40 * day).stage for moment in (1, 41, 71, 131)]
['new', 'active', 'dormant', 'lost']
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wotu.core.durations import parse_duration
from wotu.core.errors import invalid_argument

SchemeSpec = str | Sequence[Mapping[str, Any]]

# Nobody yet: a customer before the first event.
NOBODY = "none"
ANY_TIME = (1 << 63) - 1
MOST_RULES = 20

SCHEMES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "activity": (
        {"stage": "new", "name": "新", "first_within": "30d"},
        {"stage": "active", "name": "活跃", "active_within": "30d"},
        {"stage": "dormant", "name": "沉睡", "active_within": "90d"},
        {"stage": "lost", "name": "流失"},
    ),
    "relationship": (
        {"stage": "exploration", "name": "考察", "first_within": "30d"},
        {"stage": "building", "name": "形成", "first_within": "90d", "active_within": "60d"},
        {"stage": "stable", "name": "稳定", "active_within": "60d"},
        {"stage": "declining", "name": "衰退"},
    ),
}
_KEYS = ("stage", "name", "first_within", "active_within")
_STAGE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class StageRule:
    """One stage; durations in µs, ``ANY_TIME`` where the rule does not ask."""

    stage: str
    name: str
    first_within: int
    active_within: int
    given: Mapping[str, str]

    def fits(self, since_first: int, since_last: int) -> bool:
        return since_first <= self.first_within and since_last <= self.active_within


@dataclass(frozen=True)
class Scheme:
    """Rules in their order; the last fits everybody."""

    rules: tuple[StageRule, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(rule.stage for rule in self.rules)

    def at(self, moment: int, *, first: int, last: int) -> StageRule:
        """The stage at ``moment`` of a customer with these events before it."""
        return next(rule for rule in self.rules if rule.fits(moment - first, moment - last))


def parse_scheme(scheme: SchemeSpec, *, field: str = "scheme") -> Scheme:
    """A scheme by its name or as a list of rules; raises naming the entry at fault."""
    if isinstance(scheme, str):
        if scheme not in SCHEMES:
            known = ", ".join(SCHEMES)
            raise invalid_argument(field, f"{field}={scheme!r} is not known; use {known} or a list of rules.")
        return parse_scheme(SCHEMES[scheme], field=field)
    if not isinstance(scheme, Sequence) or not 1 <= len(scheme) <= MOST_RULES:
        raise invalid_argument(field, f"{field} must be a list of 1 to {MOST_RULES} rules.")
    rules = tuple(_rule(rule, f"{field}[{place}]") for place, rule in enumerate(scheme))
    _check_order(rules, field)
    return Scheme(rules)


def _rule(rule: object, field: str) -> StageRule:
    if not isinstance(rule, Mapping):
        raise invalid_argument(field, f'{field} must be an object such as {{"stage": "lost", "name": "流失"}}.')
    for key in rule:
        if key not in _KEYS:
            raise invalid_argument(f"{field}.{key}", f"{field}.{key} is not known; a rule has {', '.join(_KEYS)}.")
    stage = rule.get("stage")
    if not isinstance(stage, str) or not _STAGE.fullmatch(stage) or stage == NOBODY:
        message = f"{field}.stage={stage!r} must be a word of small letters, other than {NOBODY}."
        raise invalid_argument(f"{field}.stage", message)
    name = rule.get("name", stage)
    if not isinstance(name, str) or not name.strip():
        raise invalid_argument(f"{field}.name", f"{field}.name={name!r} must be a text.")
    times = {key: rule[key] for key in ("first_within", "active_within") if rule.get(key) is not None}
    spans = {key: parse_duration(text, field=f"{field}.{key}") for key, text in times.items()}
    return StageRule(
        stage=stage,
        name=name,
        first_within=spans.get("first_within", ANY_TIME),
        active_within=spans.get("active_within", ANY_TIME),
        given={"stage": stage, "name": name, **times},
    )


def _check_order(rules: tuple[StageRule, ...], field: str) -> None:
    stages = [rule.stage for rule in rules]
    for place, rule in enumerate(rules):
        last = place == len(rules) - 1
        everybody = rule.fits(ANY_TIME, ANY_TIME)
        if stages.index(rule.stage) != place:
            raise invalid_argument(f"{field}[{place}].stage", f"{field}: the stage {rule.stage!r} has two rules.")
        if everybody and not last:
            message = f"{field}[{place}] fits everybody, so that no rule after it can; put it last."
            raise invalid_argument(f"{field}[{place}]", message)
        if last and not everybody:
            message = f"{field}[{place}], the last rule, must fit everybody; leave its durations out."
            raise invalid_argument(f"{field}[{place}]", message)
