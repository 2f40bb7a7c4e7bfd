"""Rules of stages as fields of a form: what is shown of a rule, and the rule that fields say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.refusing import in_words
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.fact_tables import STAGES
from wotu.facts.stages import MOST_TIMES

KINDS = ("event", "order", "trait", "json")
_BETWEEN = "|"
_AT = re.compile(r"at character (\d+) of ")
_NAMED = re.compile(r"'([^']+)'")
_WORD = re.compile(r"\w+|\S")


@dataclass(frozen=True)
class RuleFields:
    """One rule as it is typed; ``kind`` empty: no rule. Several events stand with ``|`` between."""

    kind: str = ""
    event: str = ""
    where: str = ""
    nth: str = ""
    json: str = ""

    @classmethod
    def of(cls, rule: Any) -> RuleFields:
        """The fields of a rule; one that has no simple form is shown as JSON."""
        if rule is None:
            return cls()
        if isinstance(rule, str) and _BETWEEN not in rule:
            return cls("event", event=rule)
        if isinstance(rule, list) and rule and all(isinstance(each, str) and _BETWEEN not in each for each in rule):
            return cls("event", event=f" {_BETWEEN} ".join(rule))
        if isinstance(rule, dict):
            where, nth = str(rule.get("where") or ""), str(rule.get("nth") or "")
            if isinstance(rule.get("event"), str) and _BETWEEN not in rule["event"]:
                return cls("event", event=rule["event"], where=where, nth="" if nth == "1" else nth)
            if "order" in rule:
                return cls("order", where=where, nth=str(rule["order"]))
            if "trait" in rule:
                return cls("trait", where=str(rule["trait"]))
        return cls("json", json=json.dumps(rule, ensure_ascii=False))

    @classmethod
    def read(cls, form: Mapping[str, str], stage: str) -> RuleFields:
        """What was typed for ``stage``."""
        values = {name: form.get(f"{stage}.{name}", "").strip() for name in ("kind", "event", "where", "nth", "json")}
        return cls(**values | {"kind": values["kind"] if values["kind"] in KINDS else ""})

    def rule(self, stage: str) -> Any:
        """The rule that the fields say; raises naming the field."""
        if self.kind == "json":
            try:
                return json.loads(self.json)
            except ValueError as error:
                raise invalid_argument(f"rules.{stage}", f"This is not JSON: {error}.", Reason.NOT_JSON) from error
        if self.kind == "order":
            return {"order": self._number(stage), **({"where": self.where} if self.where else {})}
        if self.kind == "trait":
            return {"trait": self.where}
        return self._events(stage) if self.kind == "event" else None

    def pairs(self, stage: str) -> list[tuple[str, str]]:
        """The part of an address that says the same."""
        return [(f"{stage}.{name}", value) for name, value in asdict(self).items() if value]

    def _events(self, stage: str) -> Any:
        events = [each.strip() for each in self.event.split(_BETWEEN) if each.strip()]
        number = self._number(stage)
        if not events:
            raise invalid_argument(f"rules.{stage}", "Name at least one event.", Reason.NO_EVENT)
        where = {"where": self.where} if self.where else {}
        if len(events) > 1 and number > 1:
            raise invalid_argument(
                f"rules.{stage}.nth", _("Only one event can be counted to its n-th time."), Reason.SAID
            )
        if len(events) > 1:
            return [{"event": event, **where} if where else event for event in events]
        return {"event": events[0], **where, "nth": number} if where or number > 1 else events[0]

    def _number(self, stage: str) -> int:
        if not self.nth:
            return 1
        if not (self.nth.isascii() and self.nth.isdigit() and int(self.nth[:8]) > 0 and len(self.nth) < 8):
            raise invalid_argument(
                f"rules.{stage}.nth",
                f"{self.nth!r} is not a whole number of at least 1.",
                Reason.OUT_OF_RANGE,
                least=1,
                most=MOST_TIMES,
            )
        return int(self.nth)


@dataclass(frozen=True)
class RuleError:
    """What is wrong with a rule; where a word is to blame, what stands ``before`` it, it, and ``after`` it."""

    message: str
    before: str = ""
    word: str = ""
    after: str = ""


def rule_error(error: WotuError, fields: RuleFields) -> RuleError:
    """The error of a rule, pointing at the word of the filter or the event that is to blame."""
    for text in (fields.where, fields.event):
        at = _blamed(error.message, text)
        if at is not None:
            start, end = at
            return RuleError(in_words(error), text[:start], text[start:end] or "␣", text[end:])
    return RuleError(in_words(error))


def _blamed(message: str, text: str) -> tuple[int, int] | None:
    if not text:
        return None
    place = _AT.search(message)
    if place is not None:
        start = min(int(place[1]) - 1, len(text))
        word = _WORD.search(text, start)
        return (start, start) if word is None else word.span()
    for name in _NAMED.findall(message):
        start = text.find(name)
        if start >= 0:
            return start, start + len(name)
    return None


def read_rules(form: Mapping[str, str]) -> dict[str, RuleFields]:
    """What was typed for every stage."""
    return {stage: RuleFields.read(form, stage) for stage in STAGES}
