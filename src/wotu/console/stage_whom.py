"""The customers who reached a stage, as an address names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.console import figures
from wotu.console.answers import ask
from wotu.console.words import STAGES
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import parse_date

_LONGEST_RULE = 2_000


@dataclass(frozen=True)
class StageWhom:
    """Who reached ``stage`` in ``since ≤ day < until`` (empty: no end), by ``rule`` (JSON) or the company's."""

    stage: str
    since: str = ""
    until: str = ""
    rule: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> StageWhom:
        """Whom an address names."""
        since, until = query.get("since", "").strip(), query.get("until", "").strip()
        return cls(query["stage"], since, until, query.get("rule", "")[:_LONGEST_RULE])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The part of an address that names them."""
        own = {"stage": self.stage, "since": self.since, "until": self.until, "rule": self.rule}
        return [(name, value) for name, value in own.items() if value]

    @property
    def words(self) -> str:
        """Who they are, in the language of the page."""
        name = str(STAGES[self.stage])
        since, until = (self._day(each) for each in ("since", "until"))
        if since and until:
            return _("%(stage)s, %(since)s to before %(until)s") % {"stage": name, "since": since, "until": until}
        if since:
            return _("%(stage)s, since %(since)s") % {"stage": name, "since": since}
        return _("%(stage)s, before %(until)s") % {"stage": name, "until": until} if until else name

    def customers(self) -> list[str]:
        """Their ids."""
        asked: dict[str, Any] = {"since": self.since or None, "until": self.until or None}
        if self.rule:
            asked["rules"] = dict.fromkeys(STAGES) | {self.stage: self._rule()}
        return list(ask("stages", **asked).customers(self.stage))

    def _rule(self) -> Any:
        try:
            return json.loads(self.rule)
        except ValueError as error:
            raise invalid_argument("rule", f"rule is not JSON: {error}.", Reason.NOT_JSON) from error

    def _day(self, name: str) -> str:
        text = getattr(self, name)
        return figures.day(parse_date(text, field=name)) if text else ""
