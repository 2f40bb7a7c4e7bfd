"""What plans do to the price of a cart: rules beside coupons and promotions, the best the customer's plans have."""

from __future__ import annotations

from datetime import datetime

from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.membership import reads
from wotu.loyalty.pricing import Cart, FreeShipping, LimitedTimePrice, Rule, Scope


def member_offers(customer: int, cart: Cart, now: datetime) -> list[Offer]:
    """The member price and free shipping that the customer's plans bring now; plans themselves cost what they cost.

    A special price of a level or a promotion that is lower counts instead, piece by piece: the rules of prices see
    to that.
    """
    brings = reads.benefits_of(customer, reads.today(now))
    offers = []
    if brings.price_off:
        scope = Scope(without_products=tuple(sorted(reads.products())))
        effect = LimitedTimePrice(rate=brings.price_off)
        offers.append(Offer(Rule(rule_id="plan:price", effect=effect, scope=scope, currency=cart.currency)))
    if brings.free_shipping:
        offers.append(Offer(Rule(rule_id="plan:shipping", effect=FreeShipping(), currency=cart.currency)))
    return offers
