"""Reading single values of a message: text, identifiers, times, amounts and free-form JSON.

Every function raises ``Fault``, which names the field and says what is wrong with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from wotu.core.money import parse_decimal, to_minor
from wotu.core.periods import to_micros

LONGEST_NAME = 512
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=24)

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?)?", re.ASCII
)
_CURRENCY = re.compile(r"[A-Za-z]{3}")


class Fault(ValueError):
    """One value that cannot be used: ``field`` is its dotted name, the text says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def check_text(text: str, field: str) -> str:
    """``text`` unchanged; no NUL and no lone surrogate may be stored."""
    if "\0" in text:
        raise Fault(field, "contains a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Fault(field, "contains half of a surrogate pair")
    return text


def read_name(value: object, field: str) -> str:
    """The name of an event, page or trait table: text of 1 to 512 characters."""
    if not isinstance(value, str) or not value.strip():
        raise Fault(field, "is missing" if value is None or isinstance(value, str) else "is not text")
    if len(value) > LONGEST_NAME:
        raise Fault(field, f"is longer than {LONGEST_NAME} characters")
    return check_text(value, field)


def read_id(value: object, field: str) -> str | None:
    """An identifier as text (``42`` → ``"42"``), stripped; ``None`` when missing or blank."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise Fault(field, "is neither text nor a number")
    text = value.strip() if isinstance(value, str) else number_text(value, field)
    if len(text) > LONGEST_NAME:
        raise Fault(field, f"is longer than {LONGEST_NAME} characters")
    return check_text(text, field) or None


def number_text(value: float | Decimal, field: str) -> str:
    """A number as an identifier: whole numbers without decimals, others in their shortest form."""
    if not math.isfinite(value):
        raise Fault(field, "is not a finite number")
    if isinstance(value, int):
        return str(value)
    whole = int(value)
    return str(whole) if value == whole and abs(whole) < 10**18 else str(value)


def read_time(value: object, field: str, zone: tzinfo = UTC) -> datetime:
    """RFC 3339 with ``T`` or a blank; without an offset it is local to ``zone``; a bare date is its midnight."""
    if isinstance(value, str):
        text = value.strip()
        if not _TIME.fullmatch(text):
            raise Fault(field, f"{value[:40]!r} is not a time; write it as 2026-01-31T08:00:00Z")
        try:
            moment = datetime.fromisoformat(text.upper().replace(",", ".").replace(" +", "+").replace(" Z", "Z"))
        except ValueError as error:
            raise Fault(field, f"{value[:40]!r} is not a time that exists") from error
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time.min)
    else:
        raise Fault(field, "is not a time as text (numbers of seconds are not accepted)")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_instant(value: object, field: str, received: datetime, zone: tzinfo = UTC) -> int:
    """Microseconds since 1970 of a time that a message may have, given when it was ``received``."""
    try:
        moment = read_time(value, field, zone).astimezone(UTC)
    except OverflowError as error:
        raise Fault(field, "is before 1990-01-01") from error
    if moment < EARLIEST:
        raise Fault(field, "is before 1990-01-01")
    if moment > received + AHEAD:
        raise Fault(field, "is more than 24 hours ahead of the time received")
    return to_micros(moment)


def read_number(value: object, field: str) -> Decimal | None:
    """A number, or text that is one; ``None`` when missing or blank."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise Fault(field, "is not a number")
    try:
        if isinstance(value, str):
            return parse_decimal(value)
        if isinstance(value, (int, Decimal)):
            number = Decimal(value)
        elif isinstance(value, float):
            number = Decimal(repr(float(value)))
        else:
            raise Fault(field, "is not a number")
    except ValueError as error:
        raise Fault(field, str(error)) from error
    if not number.is_finite():
        raise Fault(field, "is not a finite number")
    return number


def read_money(value: object, field: str, currency: str) -> int | None:
    """An amount in minor units of ``currency``, rounded half up; ``None`` when missing."""
    number = read_number(value, field)
    return None if number is None else minor_units(number, field, currency)


def minor_units(number: Decimal, field: str, currency: str) -> int:
    """``number`` of major units in minor units of ``currency``, rounded half up."""
    try:
        return to_minor(number, currency)
    except ArithmeticError as error:
        raise Fault(field, "is too large for an amount of money") from error
    except ValueError as error:
        raise Fault(field, str(error)) from error


def read_scaled(value: object, field: str, places: int, *, digits: int = 18) -> Decimal | None:
    """A number rounded half up to ``places`` decimals that fits ``decimal(digits, places)``."""
    number = read_number(value, field)
    return None if number is None else scaled(number, field, places, digits=digits)


def scaled(number: Decimal, field: str, places: int, *, digits: int = 18) -> Decimal:
    """``number`` rounded half up to ``places`` decimals; a fault when it has more than ``digits`` digits."""
    if number.adjusted() >= digits - places:
        raise Fault(field, "is too large")
    result = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if result.adjusted() >= digits - places:
        raise Fault(field, "is too large")
    return result


def read_currency(value: object, field: str, default: str) -> str:
    """An ISO 4217 code in capitals; ``default`` when missing."""
    if value is None or value == "":
        return default
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value.strip()):
        raise Fault(field, "is not a currency code such as CNY")
    return value.strip().upper()


def check_json(value: object, field: str) -> None:
    """Refuse what JSON text cannot carry, naming the place: NaN, infinity, NUL and lone surrogates."""
    if isinstance(value, str):
        check_text(value, field)
    elif isinstance(value, (float, Decimal)):
        if not math.isfinite(value):
            raise Fault(field, "is not a finite number")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                check_text(key, field)
            check_json(item, f"{field}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_json(item, f"{field}[{index}]")


def _plain(value: object) -> object:
    """Scalars of array libraries and other mappings as plain values."""
    if isinstance(value, Mapping):
        return dict(value)
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return item()
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        return tolist()
    raise NotImplementedError


# Decimals are written as the number they were read from, not as text.
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)


def json_text(value: object, field: str) -> str:
    """``value`` as JSON text; numbers keep their digits."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError as error:
        raise Fault(field, "contains half of a surrogate pair") from error
    except RecursionError as error:
        raise Fault(field, "is nested too deeply") from error
    except (TypeError, NotImplementedError, ValueError) as error:
        raise Fault(field, f"cannot be written as JSON: {error}") from error


def content_text(value: Any) -> str:
    """``value`` as JSON text for the eyes of a person, whatever it holds."""
    try:
        return _encoder.encode(value).decode()
    except Exception:  # the row is wrong already; showing it must not fail
        return repr(value)
