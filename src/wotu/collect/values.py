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
EXCEL_DATE = re.compile(r"[2-7]\d{4}(?:\.\d+)?", re.ASCII)

DEEPEST = 64
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"-?\d[\d.eE+-]*")
_BRACKET = re.compile(r"[\[\]{}]")
# What may be a number without a float64: a large exponent, or very many digits.
_LARGE = re.compile(r"[eE]\+?\d{3}|\d{300}")


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
    if isinstance(value, int):
        if abs(value) >= 10**LONGEST_NAME:
            raise Fault(field, f"is longer than {LONGEST_NAME} characters")
        return str(value)
    if not math.isfinite(value):
        raise Fault(field, "is not a finite number")
    whole = int(value)
    return str(whole) if value == whole and abs(whole) < 10**18 else str(value)


def read_time(value: object, field: str, zone: tzinfo = UTC) -> datetime:
    """RFC 3339 with ``T`` or a blank; without an offset it is local to ``zone``; a bare date is its midnight."""
    if isinstance(value, str):
        text = value.strip()
        if EXCEL_DATE.fullmatch(text):
            raise Fault(field, excel_number(text))
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
    elif isinstance(value, (int, float)) and EXCEL_DATE.fullmatch(str(value)):
        raise Fault(field, excel_number(value))
    else:
        raise Fault(field, "is not a time as text (numbers of seconds are not accepted)")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def excel_number(value: object) -> str:
    """Why a time that is a bare number such as 46026 cannot be used."""
    return f"{value} looks like an Excel date number; give the column a date format in Excel"


def read_instant(
    value: object, field: str, received: datetime, zone: tzinfo = UTC, *, ahead: timedelta = timedelta(0)
) -> int:
    """Microseconds since 1970 of a time that a message may have, given when it was ``received``.

    ``ahead`` is added: how far our clock is ahead of the one that the time was read from.
    """
    try:
        moment = read_time(value, field, zone).astimezone(UTC) + ahead
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


def check_json(value: object, field: str, depth: int = 0) -> None:
    """Refuse what JSON text cannot carry, naming the place: NaN, infinity, NUL and lone surrogates.

    What lies deeper than ``json_text`` would keep is not looked at.
    """
    if depth > DEEPEST + 3:
        return
    if isinstance(value, str):
        check_text(value, field)
    elif isinstance(value, (float, Decimal)):
        if not math.isfinite(value):
            raise Fault(field, "is not a finite number")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                check_text(key, field)
            check_json(item, f"{field}.{key}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_json(item, f"{field}[{index}]", depth + 1)


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
    """``value`` as JSON text; numbers keep their digits.

    Raises ``Fault`` when it is nested more than ``DEEPEST`` levels or holds a number without a float64.
    """
    try:
        text = _encoder.encode(value).decode()
    except UnicodeEncodeError as error:
        raise Fault(field, "contains half of a surrogate pair") from error
    except RecursionError as error:
        raise Fault(_place(value, field, DEEPEST - 1), f"is nested deeper than {DEEPEST} levels") from error
    except OverflowError as error:
        raise Fault(_place(value, field, DEEPEST - 1), "holds a number that is too large") from error
    except (TypeError, NotImplementedError, ValueError) as error:
        raise Fault(field, f"cannot be written as JSON: {error}") from error
    if _unlikely(text) and (reason := _beyond(text, DEEPEST)) is not None:
        raise Fault(_place(value, field, DEEPEST - 1), reason)
    return text


def check_depth(value: Mapping[str, Any], text: str, field: str) -> None:
    """Refuse an object, written as ``text``, with a value that is nested more than ``DEEPEST`` levels."""
    if text.count("{") + text.count("[") > DEEPEST and _depth(_QUOTED.sub("", text)) > DEEPEST + 1:
        raise Fault(_place(value, field, DEEPEST), f"is nested deeper than {DEEPEST} levels")


def _unlikely(text: str) -> bool:
    return text.count("{") + text.count("[") > DEEPEST or _LARGE.search(text) is not None


def _beyond(text: str, deepest: int) -> str | None:
    """Why JSON text cannot be kept, looking at its brackets and numbers only."""
    bare = _QUOTED.sub("", text)
    if _depth(bare) > deepest:
        return f"is nested deeper than {DEEPEST} levels"
    if any(math.isinf(float(number)) for number in _NUMBER.findall(bare)):
        return "is a number that is too large"
    return None


def _depth(bare: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _place(value: object, field: str, deepest: int) -> str:
    """The key of ``value`` that cannot be kept."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        try:
            if _beyond(_encoder.encode(item).decode(), deepest) is not None:
                return f"{field}.{key}" if field else str(key)
        except (RecursionError, OverflowError):
            return f"{field}.{key}" if field else str(key)
    return field


def content_text(value: Any) -> str:
    """``value`` as JSON text for the eyes of a person, whatever it holds."""
    try:
        return _encoder.encode(value).decode()
    except Exception:  # the row is wrong already; showing it must not fail
        return _represented(value)


def _represented(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # such as one that is nested too deeply to be shown
        return ""
