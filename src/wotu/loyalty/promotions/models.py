"""Tables of promotions: their rules, the times they run at, whom they are for, which orders used them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Promotion(models.Model):
    """What a campaign takes off without a code. ``rule`` is a ``pricing.Rule`` as JSON, without its id.

    ``per_customer`` is how many orders of one person may use it; of a special price, how many pieces of theirs.
    With ``listed`` it is only for the customers in ``PromotionCustomer``; ``reason`` is why, as customers read it.
    """

    campaign = models.ForeignKey("loyalty.Campaign", on_delete=models.PROTECT, related_name="promotions")
    name = models.CharField(max_length=120)
    rule = models.JSONField()
    per_customer = models.PositiveIntegerField(null=True)
    listed = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True, default="")
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class PromotionSlot(models.Model):
    """A time a promotion runs at, within that of its campaign, and how many orders or pieces may have it then.

    ``account`` is the limit of the ledger that keeps ``total``; both are ``None`` without such a limit.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="slots", db_index=False)
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    total = models.BigIntegerField(null=True)
    account = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "number"], name="loyalty_slot_once"),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="loyalty_slot_not_backwards",
            ),
        ]

    def __str__(self) -> str:
        return f"slot {self.number} of promotion {self.promotion_id}"


class PromotionCustomer(models.Model):
    """Somebody a listed promotion is for."""

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="customers", db_index=False)
    customer = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "customer"], name="loyalty_promotion_customer_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer} of promotion {self.promotion_id}"


class PromotionUse(models.Model):
    """What an order has of a promotion. Whether it counts is a matter of the order's state.

    ``count`` is 1, or pieces at a special price, less what came back; ``cost`` what it takes off, less the share of
    what came back, in minor units.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="uses", db_index=False)
    slot = models.ForeignKey(PromotionSlot, on_delete=models.PROTECT, related_name="uses")
    order = models.ForeignKey("loyalty.Order", on_delete=models.PROTECT, related_name="promotion_uses")
    count = models.PositiveBigIntegerField()
    cost = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["promotion", "order"], name="loyalty_promotion_use_once")]

    def __str__(self) -> str:
        return f"order {self.order_id} has promotion {self.promotion_id}"
