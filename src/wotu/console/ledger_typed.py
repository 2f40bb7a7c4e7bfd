"""What somebody types into a form of the ledger: an amount of a unit, and the last day on which it holds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from wotu.console.ledger_words import amount, currency_of
from wotu.console.refusing import in_words
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.core.money import parse_decimal, to_minor
from wotu.ledger.reads import UnitRow


def typed_amount(text: str, unit: UnitRow) -> int:
    """A positive amount in whole numbers of the unit's smallest part; money is typed in its major unit."""
    currency = currency_of(unit)
    try:
        number = parse_decimal(text)
        found = to_minor(number, currency) if currency else int(number)
    except (ValueError, OverflowError):
        found, number = 0, None
    if number is None or found <= 0 or (currency is None and number != found):
        raise invalid_argument("amount", _("Write a whole number above 0, or an amount of money."), Reason.SAID)
    return found


def typed_day(text: str) -> datetime | None:
    """The end of a day of the workspace's zone; nothing where no day is typed."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise invalid_argument("until", text, Reason.NOT_A_DATE) from error
    end = datetime.combine(day + timedelta(days=1), time(), settings.WOTU_SETTINGS.zone)
    if end <= timezone.now():
        raise invalid_argument("until", _("This day has gone by; choose a later one."), Reason.SAID)
    return end


def refusal(error: WotuError, unit: UnitRow | None) -> str:
    """Why an adjustment is refused; amounts in their unit."""
    free = error.given.get("free")
    if error.code is ErrorCode.INSUFFICIENT_BALANCE and unit is not None and isinstance(free, int):
        return _("Only %(amount)s can be taken: no more is free to spend.") % {"amount": amount(free, unit)}
    return in_words(error)
