"""Tables of cash back for receipts: what is offered, what was sent in, and the photos."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wotu.loyalty.choices import PaidIn, ReceiptState


class ReceiptOffer(models.Model):
    """Cash back of a campaign: ``rules.CashBack`` and ``rules.Window`` as columns.

    ``shops`` are the names one may choose from; none: whatever is typed. ``most_per_customer`` is the most that one
    person gets of it in all, in minor units. Paid in points, the club's worth of a point at the approval counts.
    """

    campaign = models.ForeignKey("loyalty.Campaign", on_delete=models.PROTECT, related_name="receipt_offers")
    name = models.CharField(max_length=120)
    paid_in = models.CharField(max_length=6, choices=PaidIn.choices)
    rate = models.PositiveIntegerField(default=0)
    fixed = models.BigIntegerField(default=0)
    least = models.BigIntegerField(default=0)
    most_per_receipt = models.BigIntegerField(null=True)
    most_per_customer = models.BigIntegerField(null=True)
    first_day = models.DateField()
    last_day = models.DateField()
    claim_days = models.PositiveSmallIntegerField(default=14)
    shops = models.JSONField(default=list)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="loyalty_receipt_offer_lasts"),
            models.CheckConstraint(
                condition=Q(rate__gt=0, fixed=0) | Q(rate=0, fixed__gt=0), name="loyalty_receipt_offer_gives"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Receipt(models.Model):
    """A receipt as its sender typed it, and, once it is approved, as staff read it off the photo.

    ``same`` is what two receipts share when they are one: of those only one is ever approved, whoever sent it. ``cash``
    is what it brought, in minor units, ``paid`` the same in the unit it was paid in; the transfers moved them.
    """

    offer = models.ForeignKey(ReceiptOffer, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    customer = models.BigIntegerField()
    shop = models.CharField(max_length=120)
    day = models.DateField()
    number = models.CharField(max_length=80)
    plain_number = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    same = models.CharField(max_length=64)
    photo_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=ReceiptState.choices, default=ReceiptState.WAITING)
    cash = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)
    transfer = models.BigIntegerField(null=True)
    budget_transfer = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    decided_by = models.CharField(max_length=80, blank=True, default="")
    sent_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["same"], condition=Q(state=ReceiptState.APPROVED), name="loyalty_receipt_pays_once"
            ),
            models.CheckConstraint(
                condition=~Q(state=ReceiptState.APPROVED) | Q(cash__gt=0, paid__gt=0, transfer__isnull=False),
                name="loyalty_receipt_approved_is_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="loyalty_receipt_queue"),
            models.Index(fields=["customer", "id"], name="loyalty_receipt_of_customer"),
            models.Index(fields=["offer", "state"], name="loyalty_receipt_of_offer"),
            models.Index(fields=["same"], name="loyalty_receipt_same"),
            models.Index(fields=["plain_number", "day"], name="loyalty_receipt_number"),
            models.Index(fields=["photo_sha256"], name="loyalty_receipt_photo_same"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk} {self.state}"


class ReceiptPhoto(models.Model):
    """The photo of a receipt, apart from it, so that no list reads it; it goes when nobody needs it any more."""

    receipt = models.OneToOneField(Receipt, on_delete=models.CASCADE, related_name="photo")
    kind = models.CharField(max_length=10)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"photo of receipt {self.receipt_id}"
