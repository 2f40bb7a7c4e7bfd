"""Tables of coupons, their kinds and batches. Amounts are minor units (分)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.campaigns.models import Campaign
from wotu.loyalty.choices import CouponState, ForWhom


class CouponTemplate(models.Model):
    """What coupons of one kind have in common. ``shared_code`` is one code for all, who are issued one as they use it.

    ``total`` is how many may be issued (``None``: any number), kept by the limit ``total_account`` of the ledger;
    ``per_customer`` and ``per_day`` how many to one person, and to all in a day of the workspace. ``reason`` is why
    those ``for_whom`` it is get it and others do not, as customers read it.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(max_length=120)
    total = models.BigIntegerField(null=True)
    total_account = models.BigIntegerField(null=True)
    per_customer = models.PositiveIntegerField(null=True, default=1)
    per_day = models.PositiveIntegerField(null=True)
    shared_code = models.CharField(max_length=64, null=True, unique=True)
    for_whom = models.CharField(max_length=9, choices=ForWhom.choices, default=ForWhom.EVERYBODY)
    reason = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template promised from ``created_at`` on; coupons keep the version they were issued under.

    ``rule`` is a ``pricing.Rule`` and ``term`` a ``validity`` term, as JSON.
    """

    template = models.ForeignKey(CouponTemplate, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    rule = models.JSONField()
    term = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "version"], name="loyalty_template_version_once")]

    def __str__(self) -> str:
        return f"{self.template_id} version {self.version}"


class CodeBatch(models.Model):
    """Codes made together, to be printed or handed to a partner, who take them once (``taken_at``, ``taken_by``)."""

    template = models.ForeignKey(CouponTemplate, on_delete=models.PROTECT, related_name="batches")
    name = models.CharField(max_length=120)
    count = models.PositiveIntegerField()
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    taken_by = models.CharField(max_length=80, blank=True, default="")
    taken_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.count} codes"


class Coupon(models.Model):
    """One coupon. It has a code, a customer, or both; a code of a batch gets its customer when it is claimed.

    ``key`` is why it was issued, once: a double tap finds the first one. Valid from ``starts_at`` until ``ends_at``
    (not included). While held or redeemed it names the order. ``cost`` is what it takes off the order it is redeemed
    by, less the share of what came back; ``None`` where that is not known.
    """

    template = models.ForeignKey(CouponTemplate, on_delete=models.PROTECT, related_name="coupons")
    version = models.PositiveIntegerField()
    batch = models.ForeignKey(CodeBatch, on_delete=models.PROTECT, null=True, related_name="coupons", db_index=False)
    key = models.CharField(max_length=200, null=True)
    code = models.CharField(max_length=40, null=True, unique=True)
    customer = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=CouponState.choices, default=CouponState.ISSUED)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    order_id = models.CharField(max_length=120, null=True)
    held_until = models.DateTimeField(null=True)
    cost = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "key"], name="loyalty_coupon_issued_once"),
            models.CheckConstraint(
                condition=Q(state__in=[CouponState.ISSUED, CouponState.VOIDED], order_id=None, held_until=None)
                | Q(state=CouponState.HELD, order_id__isnull=False, held_until__isnull=False, customer__isnull=False)
                | Q(state=CouponState.REDEEMED, order_id__isnull=False, held_until=None, customer__isnull=False),
                name="loyalty_coupon_of_its_state",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "state"], condition=Q(customer__isnull=False),
                         name="loyalty_coupon_of_customer"),
            models.Index(fields=["order_id"], condition=Q(order_id__isnull=False), name="loyalty_coupon_of_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"coupon {self.pk} {self.state}"
