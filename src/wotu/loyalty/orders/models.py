"""Tables of orders that were held or told of, and of what came back of them. Amounts are minor units (分)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.choices import OrderSource, OrderState


class Order(models.Model):
    """An order as far as value is concerned: the price it was held at, and its returns.

    ``quote`` is a ``pricing.Quote`` as JSON. ``kept`` has what of the ledger is held or spent for it: minor units of
    each campaign's budget by the campaign's number, and ``points``. ``notes`` say what of a message could not be done.
    Of a paid order ``net`` is what was paid less what came back, ``pieces`` how many are still with the customer.
    """

    order_id = models.CharField(max_length=120, unique=True)
    customer = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=OrderState.choices)
    quote = models.JSONField()
    kept = models.JSONField(default=dict)
    source = models.CharField(max_length=8, choices=OrderSource.choices, default=OrderSource.CHECKOUT)
    notes = models.JSONField(default=list)
    currency = models.CharField(max_length=3, default="")
    net = models.BigIntegerField(default=0)
    pieces = models.BigIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=OrderState.PAID, paid_at__isnull=False, held_until=None)
                | Q(state=OrderState.HELD, paid_at=None, held_until__isnull=False)
                | Q(state=OrderState.RELEASED, paid_at=None, held_until=None),
                name="loyalty_order_of_its_state",
            )
        ]
        indexes = [models.Index(fields=["customer", "id"], name="loyalty_order_of_customer")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class OrderReturn(models.Model):
    """One return of an order, a ``pricing.Refund`` as JSON; the same refund is carried out once."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    refund_id = models.CharField(max_length=120)
    refund = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "refund_id"], name="loyalty_return_once")]

    def __str__(self) -> str:
        return f"return {self.refund_id} of {self.order_id}"
