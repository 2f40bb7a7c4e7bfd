"""The company's stages 曝光 … 复购, 增购, 转介绍: each a rule on facts, kept as rows of table ``stage_rules``.

A rule is one of

- events: a name, ``{"event": name, "where": filter, "nth": n}``, or a list of these meaning any of them;
  with ``nth`` the n-th such event of a customer's whole history and every later one;
- orders: ``{"order": n, "where": filter}``: the n-th order that counts (neither cancelled nor refunded in
  full) and every later one;
- a trait condition: ``{"trait": filter over trait.x}``: the customer is as described now, whatever the range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from wotu.core.errors import Reason, invalid_argument
from wotu.core.fact_tables import STAGES
from wotu.facts.vocabulary import ORDER_COMPLETED

MOST_TIMES = 1_000_000


@dataclass(frozen=True)
class EventRule:
    """Any of ``choices`` (event, filter or nothing), from the ``nth`` on that a customer did."""

    choices: tuple[tuple[str, str], ...]
    nth: int = 1

    @property
    def text(self) -> str:
        listed = " or ".join(f"{event} where {where}" if where else event for event, where in self.choices)
        return listed if self.nth == 1 else f"{listed}, the {ordinal(self.nth)} time or later"


@dataclass(frozen=True)
class OrderRule:
    """Orders that count, from the ``nth`` of a customer on."""

    nth: int
    where: str = ""

    @property
    def text(self) -> str:
        which = "an order" if self.nth == 1 else f"the {ordinal(self.nth)} order or later"
        return f"{which} where {self.where}" if self.where else which


@dataclass(frozen=True)
class TraitRule:
    """The customer is as ``where`` (over traits) says."""

    where: str

    @property
    def text(self) -> str:
        return self.where


Rule = EventRule | OrderRule | TraitRule

# Names of the stages as the trade knows them.
NAMES = {
    "exposure": "曝光", "lead": "线索", "opportunity": "商机", "deal": "成交", "delivery": "交付", "repurchase": "复购",
    "expansion": "增购", "referral": "转介绍",
}  # fmt: skip
# What customers do beside the six stages, from the deal on.
BESIDE = ("expansion", "referral")

PRESETS: dict[str, dict[str, Any]] = {
    "b2c": {
        "exposure": "Product Viewed",
        "lead": "Product Added",
        "opportunity": "Checkout Started",
        "deal": {"order": 1},
        "delivery": "Order Delivered",
        "repurchase": {"order": 2},
        "referral": "Invite Sent",
    },
    "b2b": {
        "exposure": "Exposed",
        "lead": "Lead Created",
        "opportunity": "Opportunity Created",
        "deal": "Opportunity Won",
        "delivery": "Order Delivered",
        "repurchase": {"event": "Opportunity Won", "nth": 2},
        "referral": "Invite Sent",
    },
}


def preset(name: str) -> dict[str, Any]:
    """The rules of a preset by stage."""
    if name not in PRESETS:
        raise invalid_argument(
            "preset", f"preset={name!r} is not known; use one of {', '.join(PRESETS)}.", Reason.NOT_A_CHOICE
        )
    return PRESETS[name]


def stage_rules(given: Mapping[str, Any]) -> dict[str, Rule]:
    """The rules of ``given`` by stage, in the order of the stages; an error names the stage and what is wrong."""
    for stage in given:
        check_stage(stage, "rules")
    return {stage: parse_rule(given[stage], f"rules.{stage}") for stage in STAGES if given.get(stage) is not None}


def check_stage(stage: str, field: str) -> None:
    """Raise unless ``stage`` is one of the stages."""
    if stage not in STAGES:
        near = ", ".join(get_close_matches(stage, STAGES, n=3, cutoff=0.0))
        raise invalid_argument(field, f"{field}: there is no stage {stage!r}. Nearest: {near}.", Reason.NOT_A_CHOICE)


def parse_rule(given: object, field: str) -> Rule:
    """One rule; ``field`` says where it stands, for errors. Event and property names are not looked up."""
    if isinstance(given, Mapping):
        kinds = [kind for kind in ("event", "order", "trait") if kind in given]
        if kinds == ["order"]:
            _only(given, ("order", "where"), field)
            return OrderRule(_positive(given["order"], f"{field}.order"), _filter(given.get("where"), f"{field}.where"))
        if kinds == ["trait"]:
            _only(given, ("trait",), field)
            return TraitRule(_filter(given["trait"], f"{field}.trait", required=True))
    return _event_rule(given, field)


def _event_rule(given: object, field: str) -> EventRule:
    parts = given if isinstance(given, (list, tuple)) else [given]
    if not parts:
        raise invalid_argument(field, f"{field} is empty; name at least one event.", Reason.NO_EVENT)
    nth = 1
    if isinstance(given, Mapping):
        nth = _positive(given.get("nth", 1), f"{field}.nth")
        parts = [{name: value for name, value in given.items() if name != "nth"}]
    several = isinstance(given, (list, tuple))
    return EventRule(tuple(_choices(parts, field, several=several)), nth)


def _choices(parts: Iterable[object], field: str, *, several: bool) -> Iterable[tuple[str, str]]:
    for number, part in enumerate(parts):
        place = f"{field}[{number}]" if several else field
        if isinstance(part, str) and part.strip():
            yield part, ""
            continue
        if not isinstance(part, Mapping) or not isinstance(part.get("event"), str):
            example = f'"{ORDER_COMPLETED}"'
            raise invalid_argument(
                place,
                f'{place} must be the name of an event such as {example}, {{"event": …, "where": …, "nth": …}}, '
                '{"order": 2} or {"trait": "trait.level == \\"gold\\""}.',
                Reason.NOT_A_RULE,
            )
        _only(part, ("event", "where"), place)
        yield part["event"], _filter(part.get("where"), f"{place}.where")


def _only(given: Mapping[str, Any], names: tuple[str, ...], field: str) -> None:
    for name in given:
        if name not in names:
            raise invalid_argument(
                f"{field}.{name}", f"{field}.{name} has no meaning here; use {', '.join(names)}.", Reason.NOT_A_RULE
            )


def _positive(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TIMES:
        raise invalid_argument(
            field,
            f"{field}={value!r} must be a whole number of at least 1.",
            Reason.OUT_OF_RANGE,
            least=1,
            most=MOST_TIMES,
        )
    return value


def _filter(value: object, field: str, *, required: bool = False) -> str:
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise invalid_argument(
            field, f'{field} must be a filter as text, such as "channel == \\"wechat\\"".', Reason.NOT_A_RULE
        )
    return value.strip()


def ordinal(number: int) -> str:
    """``2`` → ``2nd``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
