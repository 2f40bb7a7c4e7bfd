"""What a plan brings, in the few words that customers and the team read."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from wotu.loyalty.coupons import words as coupon_words
from wotu.loyalty.membership.benefits import Benefits

_PLAIN = 100


def brings(benefits: Benefits) -> list[str]:
    """Each benefit by itself; nothing of none."""
    said = []
    if benefits.price_off:
        said.append(coupon_words.percent_off(benefits.price_off))
    if benefits.multiplier > _PLAIN:
        said.append(gettext("points × %(times)s") % {"times": f"{benefits.multiplier / _PLAIN:g}"})
    if benefits.free_shipping:
        said.append(gettext("Free shipping"))
    coupons = sum(each.count for each in benefits.coupons)
    if coupons:
        said.append(ngettext("%(number)s coupon a month", "%(number)s coupons a month", coupons) % {"number": coupons})
    return said
