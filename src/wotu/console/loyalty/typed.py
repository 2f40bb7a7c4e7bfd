"""Reading a form of amounts, numbers and days: each wrong field is said beside it, and the others are read on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from wotu.core.errors import WotuError
from wotu.loyalty.pricing.written import minor

_WHOLE = re.compile(r"[0-9]{1,12}")
_RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
_LONGEST_ID, _MOST_IDS = 120, 1_000


class TypedFields:
    """The fields of a form, and the errors that were found while they were read, by field."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = {name: text.strip() for name, text in typed.items()}
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, most: int, needed: bool = True) -> str:
        """One line of text."""
        found = self.typed.get(name, "")
        if "\x00" in found or len(found) > most or (needed and not found):
            self.refuse(name, _("Write 1 to %(most)s characters.") % {"most": most})
            return ""
        return found

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the options."""
        found = self.typed.get(name, "")
        if found not in choices:
            self.refuse(name, _("Choose one of the options."))
            return choices[0]
        return found

    def whole(self, name: str, *, least: int = 1, most: int = 1_000_000_000) -> int | None:
        """A whole number, or nothing where nothing is typed."""
        found = self.typed.get(name, "")
        if not found:
            return None
        if not (_WHOLE.fullmatch(found) and least <= int(found) <= most):
            self.refuse(name, _("Write a whole number from %(least)s to %(most)s.") % {"least": least, "most": most})
            return None
        return int(found)

    def money(self, name: str, currency: str, *, positive: bool = False) -> int | None:
        """An amount in minor units, or nothing where nothing is typed."""
        found = self.typed.get(name, "").replace(",", "")
        if not found:
            return None
        try:
            amount = minor(found, currency, field=name)
        except WotuError:
            amount = -1
        if amount < 0 or (positive and amount == 0):
            self.refuse(name, _("Write an amount such as 20 or 9.90."))
            return None
        return amount

    def rate(self, name: str) -> Decimal:
        """A percentage above 0, as a share of 1."""
        found = self.typed.get(name, "").removesuffix("%").strip()
        if not _RATE.fullmatch(found) or not 0 < Decimal(found) <= 100:
            self.refuse(name, _("Write a percentage from 0.01 to 100."))
            return Decimal(0)
        return Decimal(found) / 100

    def day(self, name: str) -> date | None:
        """A day, or nothing where none is typed."""
        found = self.typed.get(name, "")
        if not found:
            return None
        try:
            return date.fromisoformat(found)
        except ValueError:
            self.refuse(name, _("Write a date such as 2026-01-31."))
            return None

    def ids(self, name: str) -> list[str]:
        """Names of things, separated by commas or lines."""
        found = [each.strip() for each in re.split(r"[,，\n]", self.typed.get(name, "")) if each.strip()]
        if len(found) > _MOST_IDS or any(len(each) > _LONGEST_ID or "\x00" in each for each in found):
            self.refuse(name, _("Write at most 1,000 names of at most 120 characters."))
            return []
        return found

    def refuse(self, name: str, words: str) -> None:
        """Say what is wrong with a field; the first thing said of it stays."""
        self.errors.setdefault(name, words)
