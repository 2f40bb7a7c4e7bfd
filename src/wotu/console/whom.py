"""Whom a number of another page counted: its customers, as an address names them and as words do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.accounts.sight import Sight
from wotu.console import figures
from wotu.console.answers import ask
from wotu.console.asking.whom import AskedWhom
from wotu.console.parameters import RfmParameters
from wotu.console.stage_whom import StageWhom
from wotu.console.words import FIGURES, SEGMENTS, segment_name
from wotu.core.fact_tables import STAGES
from wotu.core.periods import parse_date

STATES = ("active", "new", "returning", "resurrecting", "dormant")
NOWHERE = "none"
_DAYS = 28
_MOST_DAYS = 3_660
_WHOLE = Sight(whole=True)


def state_query(state: str, days: int) -> str:
    """The address part that lists the customers of a state."""
    return urlencode(Whom(state=state, days=days).pairs)


@dataclass(frozen=True)
class Whom:
    """Customers in a state of the last days, or those who moved between value segments; nobody in particular else.

    A movement without ``origin`` is from anywhere, without ``target`` to anywhere.
    """

    state: str = ""
    days: int = _DAYS
    origin: str = ""
    target: str = ""
    before: str = ""
    after: str = ""
    stage: StageWhom | None = None
    asked: AskedWhom | None = None

    @classmethod
    def read(cls, query: Mapping[str, str], sight: Sight = _WHOLE) -> Whom:
        """Whom an address names; a state or segment nobody knows names nobody in particular."""
        if query.get("who", ""):
            return cls(asked=AskedWhom.read(query["who"], sight))
        state, days = query.get("state", ""), query.get("days", "")
        if state in STATES:
            known = days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= _MOST_DAYS and len(days) <= 9
            return cls(state=state, days=int(days) if known else _DAYS)
        origin, target = (_place(query.get(name, "")) for name in ("from", "to"))
        if query.get("stage", "") in STAGES:
            return cls(stage=StageWhom.read(query))
        before, after = query.get("before", "").strip(), query.get("after", "").strip()
        if not (origin or target) or not (before and after):
            return cls()
        return cls(origin=origin, target=target, before=before, after=after)

    def __bool__(self) -> bool:
        return bool(self.state or self.origin or self.target or self.stage or self.asked)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The part of an address that names them."""
        if self.state:
            return [("state", self.state), ("days", str(self.days))]
        if named := self.stage or self.asked:
            return named.pairs
        own = {"from": self.origin, "to": self.target, "before": self.before, "after": self.after}
        return [(name, value) for name, value in own.items() if value]

    @property
    def words(self) -> str:
        """Who they are, in the language of the page."""
        if self.state:
            last = ngettext("last %(count)d day", "last %(count)d days", self.days) % {"count": self.days}
            return _("%(state)s, %(period)s") % {"state": FIGURES[f"{self.state}_customers"].name, "period": last}
        if named := self.stage or self.asked:
            return named.words
        before, after = (figures.day(parse_date(getattr(self, name), field=name)) for name in ("before", "after"))
        names = {"origin": segment_name(self.origin), "target": segment_name(self.target)}
        if not self.target:
            return _("%(origin)s on %(before)s") % {**names, "before": before}
        if not self.origin:
            return _("%(target)s on %(after)s") % {**names, "after": after}
        return _("%(origin)s → %(target)s, %(before)s to %(after)s") % {**names, "before": before, "after": after}

    @property
    def definition(self) -> str:
        """What the words mean, where they are not plain."""
        return str(FIGURES[f"{self.state}_customers"].definition) if self.state else ""

    def customers(self, parameters: RfmParameters) -> list[str] | None:
        """Their ids; nothing for nobody in particular."""
        if self.state:
            return list(ask("ordering_customers", self.state, days=self.days))
        if named := self.stage or self.asked:
            return named.customers()
        if not self:
            return None
        before, after = (parse_date(getattr(self, name), field=name) for name in ("before", "after"))
        moved = ask("rfm_movement", before, after, **parameters.checked(dated=False))
        ends = [(origin, target) for origin, target in moved.flows if self._meets(origin, target)]
        return [customer for origin, target in ends for customer in moved.customers(origin, target)]

    def layers(self, parameters: RfmParameters) -> dict[str, Any]:
        """The value question of the list's segments: after a movement, the one it ended with."""
        arguments = parameters.checked()
        if self.origin or self.target:
            arguments.setdefault("as_of", parse_date(self.after, field="after"))
        return arguments

    def _meets(self, origin: str, target: str) -> bool:
        return self.origin in ("", origin) and self.target in ("", target)


def _place(text: str) -> str:
    return text if text in SEGMENTS or text == NOWHERE else ""
