"""What a promotion promises, as people and programs write it: decimal amounts and rates, not minor units.

``kept_promotion`` makes of it what a promotion keeps, ``written_promotion`` the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.pricing.rules import WHOLE
from wotu.loyalty.pricing.written import basis_points, kept_amounts, minor, written_rule

PROMOTION_EFFECTS = (
    "full_reduction", "full_discount", "amount_off", "percent", "limited_time_price", "flash_price", "buy_get",
    "bundle", "gift", "free_shipping",
)  # fmt: skip


def kept_promotion(written: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The rule that a promotion keeps. Steps are written ``{"at", "off"}`` or ``{"at", "rate"}``."""
    effect = written.get("effect")
    kind = effect.get("type") if isinstance(effect, Mapping) else None
    if not isinstance(effect, Mapping) or kind not in PROMOTION_EFFECTS:
        raise invalid_argument("effect", f"The effect of a promotion is one of {', '.join(PROMOTION_EFFECTS)}.")
    kept = kept_amounts(written, currency)
    if "steps" in effect:
        kept["effect"]["steps"] = [_kept_step(step, effect, currency) for step in effect["steps"]]
    if "prices" in effect:
        prices = effect["prices"].items()
        kept["effect"]["prices"] = {product: minor(str(text), currency, field="prices") for product, text in prices}
    return kept


def written_promotion(kept: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The rule of a promotion, as it is written."""
    shown = written_rule(kept, currency)
    effect = shown["effect"]
    if "steps" in effect:
        effect["steps"] = [_written_step(step, effect, currency) for step in effect["steps"]]
    if "prices" in effect:
        effect["prices"] = {product: decimal_text(price, currency) for product, price in effect["prices"].items()}
    return shown


def _kept_step(step: Mapping[str, Any], effect: Mapping[str, Any], currency: str) -> list[int]:
    pieces = effect.get("by") == "pieces"
    at, text = step.get("at"), str(step.get("at"))
    if pieces and not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise invalid_argument("steps", f"at={text[:40]!r} must be a whole number of pieces.")
    reached = int(text) if pieces else minor(str(at), currency, field="steps")
    if effect["type"] == "full_discount":
        return [reached, basis_points("steps", step.get("rate"))]
    return [reached, minor(str(step.get("off")), currency, field="steps")]


def _written_step(step: tuple[int, int], effect: Mapping[str, Any], currency: str) -> dict[str, Any]:
    reached, off = step
    at = str(reached) if effect.get("by") == "pieces" else decimal_text(reached, currency)
    if effect["type"] == "full_discount":
        return {"at": at, "rate": off / WHOLE}
    return {"at": at, "off": decimal_text(off, currency)}
