"""Money as integer minor units (分), never float.

Amounts arrive as text or Decimal, are rounded half-up to the currency's minor unit once, and are
integers from then on; ``decimal_text`` gives them back as the decimal strings of the JSON contract.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from unicodedata import normalize

# ISO 4217 currencies whose minor unit is not one hundredth.
_EXPONENTS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)

# A hundred billion: nine hundred thousand such rows still add up within int64.
LARGEST_MINOR = 10_000_000_000_000


def exponent(currency: str) -> int:
    """Number of decimal places of ``currency`` (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """``amount`` rounded half-up to minor units; raises ``ValueError`` when it is not finite or absurdly large."""
    if not amount.is_finite():
        raise ValueError("is not a finite number")
    if abs(amount) > LARGEST_MINOR:
        raise ValueError(f"is larger than {decimal_text(LARGEST_MINOR, currency)}")
    minor = int(amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if abs(minor) > LARGEST_MINOR:
        raise ValueError(f"is larger than {decimal_text(LARGEST_MINOR, currency)}")
    return minor


def parse_decimal(text: str) -> Decimal:
    """A number as spreadsheets write it: ``1,234.50``, ``¥ 12``, ``(3.20)`` for a negative; else ``ValueError``."""
    cleaned = normalize("NFKC", text).strip().translate(_NOISE)
    if cleaned.startswith("(") and cleaned.endswith(")"):
        cleaned = "-" + cleaned[1:-1]
    try:
        # Python's own digit grouping is no number anybody writes in a table.
        number = Decimal("no number" if "_" in cleaned else cleaned)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number


# Thousands separators, blanks and currency signs; full-width forms are gone by then.
_NOISE = str.maketrans(dict.fromkeys(", \u00a0\u00a5$\u20ac\u00a3\u5143"))


def decimal_text(minor: int, currency: str) -> str:
    """``123456`` → ``"1234.56"``: the decimal string of the JSON contract."""
    return str(Decimal(minor).scaleb(-exponent(currency)).quantize(Decimal(1).scaleb(-exponent(currency))))
