"""The parameters of a value-layer question, as they stand in an address and as the workspace takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from wotu.console.refusing import in_words
from wotu.core.durations import parse_days
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import parse_decimal
from wotu.core.periods import parse_date

SPLITS = ("mean", "median", "score", "own")
MONETARY = ("total", "average")
_DEFAULTS = {"as_of": "", "window": "", "monetary": "total", "split": "mean", "r": "", "f": "", "m": ""}


@dataclass
class RfmParameters:
    """What was asked, word for word (``typed``), the errors beside their fields, and the question's arguments."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, query: Mapping[str, str]) -> RfmParameters:
        """The parameters in ``query``; those which are missing take their default."""
        return cls({name: (query.get(name) or default).strip() for name, default in _DEFAULTS.items()})

    @property
    def changed(self) -> dict[str, str]:
        """The parameters which differ from their defaults."""
        own = self.typed["split"] == "own"
        return {
            name: value
            for name, value in self.typed.items()
            if value != _DEFAULTS[name] and (own or name not in ("r", "f", "m"))
        }

    @property
    def query(self) -> str:
        """The part of an address which asks the same again; empty for the defaults."""
        return urlencode(self.changed)

    def arguments(self, *, dated: bool = True) -> dict[str, Any]:
        """Keyword arguments for the workspace; every field that cannot be read is noted in ``errors``."""
        arguments: dict[str, Any] = {}
        typed = self.typed
        if dated and typed["as_of"]:
            arguments["as_of"] = self._try("as_of", lambda: parse_date(typed["as_of"], field="as_of"))
        if typed["window"]:
            window = f"{typed['window']}d" if typed["window"].isdigit() else typed["window"]
            self._try("window", lambda: parse_days(window, field="window"))
            arguments["window"] = window
        for name, known in (("monetary", MONETARY), ("split", SPLITS)):
            if typed[name] not in known:
                self.errors[name] = _("Choose one of the options.")
        if typed["monetary"] != "total":
            arguments["monetary"] = typed["monetary"]
        if typed["split"] == "own":
            arguments["split"] = self._own()
        elif typed["split"] != "mean":
            arguments["split"] = typed["split"]
        return arguments

    def checked(self, *, dated: bool = True) -> dict[str, Any]:
        """``arguments`` for a page without the fields; raises ``WotuError`` for the first that cannot be read."""
        arguments = self.arguments(dated=dated)
        for name, message in self.errors.items():
            raise invalid_argument(name, message, Reason.SAID)
        return arguments

    def note(self, error: WotuError) -> None:
        """Show a refusal of the workspace beside the field it names."""
        name = (error.field or "").rsplit(".", 1)[-1].strip("]'\"").rsplit("[", 1)[-1].strip("'\"")
        self.errors[name if name in self.typed else "form"] = in_words(error)

    def _own(self) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for name in ("r", "f"):
            own[name] = self._try(name, lambda name=name: _whole(self.typed[name], name))
        own["m"] = self._try("m", lambda: _amount(self.typed["m"]))
        return own

    def _try(self, name: str, read: Any) -> Any:
        try:
            return read()
        except WotuError:
            self.errors[name] = _READ_AS[name]()
            return None


_LARGEST = Decimal(10**12)

_READ_AS = {
    "as_of": lambda: _("Write a date such as 2026-01-31."),
    "window": lambda: _("Write whole days, such as 365."),
    "r": lambda: _("Write whole days, such as 30."),
    "f": lambda: _("Write a whole number, such as 2."),
    "m": lambda: _("Write an amount, such as 500.00."),
}


def _whole(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise invalid_argument(name, f"{name}={text!r} is not a whole number.")
    return int(text)


def _amount(text: str) -> str:
    try:
        amount = parse_decimal(text)
    except ValueError as error:
        raise invalid_argument("m", f"m={text!r} is not an amount.") from error
    if "e" in text.casefold() or not 0 <= amount <= _LARGEST:
        raise invalid_argument("m", f"m={text!r} must be from 0 to {_LARGEST}.")
    return str(amount)
