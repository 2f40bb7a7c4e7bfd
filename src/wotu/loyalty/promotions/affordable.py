"""The price within what is left of budgets: a promotion that its campaign can no longer pay for is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wotu.ledger import limit_services
from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.orders.keeping import kept_of, limit_of
from wotu.loyalty.pricing import Cart, Quote, price
from wotu.loyalty.promotions.running import Missed, NotNow, Running
from wotu.loyalty.promotions.uses import kept_of_slots


@dataclass(frozen=True)
class Affordable:
    """A price, the promotions it was reckoned with, those left out, and what it keeps of the ledger by name."""

    quote: Quote
    running: Sequence[Running]
    missed: Sequence[Missed]
    kept: Mapping[str, int]


def affordable(
    cart: Cart, fixed: Sequence[Offer], running: Iterable[Running], *, own: Mapping[str, int], now: datetime
) -> Affordable:
    """What ``cart`` costs with ``fixed`` (coupons, points, plans) and as many of ``running`` as can be paid for.

    ``own`` is what the order keeps already, by name. Coupons stay: when a budget has no room for those, holding says.
    """
    going, missed = list(running), list[Missed]()
    while True:
        offers = [*fixed, *(each.offer for each in going)]
        quote = price(cart, [each.rule for each in offers])
        kept = kept_of(quote, offers) | kept_of_slots(quote, going)
        beyond = _beyond(quote, going, _short(kept, own, now))
        if not beyond:
            return Affordable(quote, going, missed, kept)
        last = max(beyond, key=lambda each: each.offer.rule.order)
        going.remove(last)
        missed.append(Missed(last.promotion, last.name, NotNow.BUDGET_SPENT))


def _short(kept: Mapping[str, int], own: Mapping[str, int], now: datetime) -> set[str]:
    """Budgets with less left than the price takes."""
    return {
        name for name, amount in kept.items()
        if name.isdigit() and limit_services.room(limit_of(name)[0], now=now).left + own.get(name, 0) < amount
    }  # fmt: skip


def _beyond(quote: Quote, going: Iterable[Running], short: Collection[str]) -> list[Running]:
    used = {use.rule_id for use in quote.used}
    return [each for each in going if each.offer.rule.rule_id in used and str(each.offer.campaign) in short]
