"""Lists of promotions when two customers turn out to be one."""

from __future__ import annotations

from wotu.loyalty.promotions.models import PromotionCustomer


def merge(gone: int, survivor: int) -> int:
    """What was for either is for the survivor, once; how many rows moved or went."""
    theirs = PromotionCustomer.objects.filter(customer=gone)
    mine = PromotionCustomer.objects.filter(customer=survivor).values_list("promotion", flat=True)
    twice = theirs.filter(promotion__in=list(mine)).delete()[0]
    return twice + theirs.update(customer=survivor)
