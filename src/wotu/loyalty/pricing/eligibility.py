"""What decides about a rule before any price is looked at: dates, currency, place, tier, scope."""

from __future__ import annotations

from wotu.loyalty.pricing.cart import Cart
from wotu.loyalty.pricing.quote import Refusal, Refused
from wotu.loyalty.pricing.rules import MemberPrice, Rule


def refused_for_good(rule: Rule, cart: Cart) -> Refusal | None:
    """Why ``rule`` takes no part in ``cart`` whatever the other rules are, or ``None``."""
    reason = _reason(rule, cart)
    return None if reason is None else Refusal(rule_id=rule.rule_id, version=rule.version, reason=reason)


def _reason(rule: Rule, cart: Cart) -> Refused | None:
    if rule.starts is not None and cart.now < rule.starts:
        return Refused.NOT_YET_VALID
    if rule.ends is not None and cart.now >= rule.ends:
        return Refused.EXPIRED
    if rule.currency != cart.currency:
        return Refused.WRONG_CURRENCY
    if (rule.channels and cart.channel not in rule.channels) or cart.channel in rule.without_channels:
        return Refused.WRONG_CHANNEL
    if rule.stores and cart.store not in rule.stores:
        return Refused.WRONG_STORE
    if (rule.tiers and cart.tier not in rule.tiers) or _no_member(rule, cart):
        return Refused.WRONG_TIER
    return None if rule.lines_of(cart) else Refused.NOT_IN_SCOPE


def _no_member(rule: Rule, cart: Cart) -> bool:
    return isinstance(rule.effect, MemberPrice) and cart.tier not in rule.effect.rates
