"""What a coupon promises, as people and programs write it: decimal amounts and rates, not minor units.

``kept_rule`` makes of it what a template keeps, ``written_rule`` the other way round; the two undo each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from wotu.core.errors import invalid_argument
from wotu.core.money import LARGEST_MINOR, decimal_text, exponent
from wotu.loyalty.pricing.rules import WHOLE

COUPON_EFFECTS = ("amount_off", "percent", "exchange", "gift", "free_shipping")
_AMOUNTS = (("effect", "amount"), ("effect", "price"), ("effect", "worth"), ("threshold", "amount"), ("most_off",))
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_RATES = (("effect", "rate"),)


def minor(text: str, currency: str, *, field: str) -> int:
    """Decimal text as minor units, exactly: more places than the currency has are refused, as are negatives."""
    places = exponent(currency)
    amount = Decimal(text).scaleb(places) if _AMOUNT.fullmatch(text) else Decimal(-1)
    if not 0 <= amount <= LARGEST_MINOR or amount != int(amount):
        raise invalid_argument(
            field, f"{field}={text[:40]!r} must be an amount of {currency} from 0, with {places} places at most."
        )
    return int(amount)


def kept_rule(written: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The rule that a template keeps, of the rule that somebody wrote."""
    effect = written.get("effect")
    kind = effect.get("type") if isinstance(effect, Mapping) else None
    if kind not in COUPON_EFFECTS:
        raise invalid_argument("effect", f"The effect of a coupon is one of {', '.join(COUPON_EFFECTS)}.")
    return kept_amounts(written, currency)


def kept_amounts(written: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A rule with its amounts in minor units and its rates in basis points."""
    kept = _changed(written, _AMOUNTS, lambda field, text: minor(str(text), currency, field=field))
    return _changed(kept, _RATES, basis_points) | {"currency": currency}


def written_rule(kept: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The rule of a template, as it is written."""
    shown = _changed(kept, _AMOUNTS, lambda _field, amount: decimal_text(amount, currency))
    shown = _changed(shown, _RATES, lambda _field, points: points / WHOLE)
    return {name: value for name, value in shown.items() if name != "currency"}


def basis_points(field: str, rate: Any) -> int:
    """A share as basis points, exactly: more than 4 places are refused."""
    points = Decimal(str(rate)) * WHOLE
    if not (points.is_finite() and 0 <= points <= WHOLE and points == int(points)):
        raise invalid_argument(field, f"{field}={rate} must lie between 0 and 1, with 4 places at most.")
    return int(points)


def _changed(
    rule: Mapping[str, Any], places: tuple[tuple[str, ...], ...], change: Callable[[str, Any], Any]
) -> dict[str, Any]:
    changed = {name: dict(value) if isinstance(value, Mapping) else value for name, value in rule.items()}
    for *above, name in places:
        inner: Any = changed.get(above[0]) if above else changed
        if isinstance(inner, dict) and inner.get(name) is not None:
            inner[name] = change(name, inner[name])
    return changed
