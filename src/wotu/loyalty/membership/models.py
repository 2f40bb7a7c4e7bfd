"""Tables of paid membership: plans, what customers bought of them, notices before they renew, codes of partners."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wotu.loyalty.choices import CodePeriod, MembershipSource


class Plan(models.Model):
    """A membership to be bought: ``product_id`` is what an order line names when it is this plan.

    A piece of it lasts ``months`` and ``days``. ``benefits`` is a ``benefits.Benefits`` as JSON. For ``grace_days``
    after its end it still brings what it brought.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    product_id = models.CharField(max_length=120, unique=True)
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    months = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=0)
    trial_days = models.PositiveSmallIntegerField(default=0)
    grace_days = models.PositiveSmallIntegerField(default=0)
    renews = models.BooleanField(default=False)
    notice_days = models.PositiveSmallIntegerField(default=5)
    benefits = models.JSONField(default=dict)
    offered = models.BooleanField(default=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="loyalty_plan_price_not_negative"),
            models.CheckConstraint(condition=Q(months__gt=0) | Q(days__gt=0), name="loyalty_plan_lasts"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One purchase of a plan, or its trial, once for ``key``; a customer's of one plan never overlap.

    ``first`` until ``after`` (not included) are days of the workspace, laid out by ``terms.lay_out``. ``cuts`` is a
    list of ``terms.Cut`` as JSON. ``paid`` is what was paid for all ``pieces``, in minor units.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    customer = models.BigIntegerField()
    key = models.CharField(max_length=260, unique=True)
    source = models.CharField(max_length=8, choices=MembershipSource.choices)
    order = models.ForeignKey("loyalty.Order", on_delete=models.PROTECT, null=True, related_name="memberships")
    line_id = models.CharField(max_length=120, blank=True, default="")
    bought_on = models.DateField()
    months = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    pieces = models.PositiveSmallIntegerField(default=1)
    paid = models.BigIntegerField(default=0)
    cuts = models.JSONField(default=list)
    first = models.DateField()
    after = models.DateField()
    renews = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(after__gte=F("first")), name="loyalty_membership_not_backwards"),
        ]
        indexes = [
            models.Index(fields=["customer", "plan", "bought_on"], name="loyalty_membership_of_customer"),
            models.Index(fields=["after"], name="loyalty_membership_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} has {self.plan_id} until {self.after}"


class RenewalNotice(models.Model):
    """A customer was told before a membership renews: the row is the proof that it was said, and when."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="notices", db_index=False)
    renews_on = models.DateField()
    price = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "renews_on"], name="loyalty_notice_once")]

    def __str__(self) -> str:
        return f"notice before {self.renews_on}"


class PartnerPool(models.Model):
    """Codes of a partner for members of ``plan``: one each in a ``period``; below ``low_at`` the team is warned."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="pools")
    name = models.CharField(max_length=120)
    period = models.CharField(max_length=5, choices=CodePeriod.choices, default=CodePeriod.MONTH)
    low_at = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class PartnerCode(models.Model):
    """A code, handed out once: to whom, and in which period (``2026-03``; ``once``)."""

    pool = models.ForeignKey(PartnerPool, on_delete=models.PROTECT, related_name="codes", db_index=False)
    code = models.CharField(max_length=200)
    customer = models.BigIntegerField(null=True)
    period = models.CharField(max_length=30, blank=True, default="")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "code"], name="loyalty_partner_code_once"),
            models.UniqueConstraint(fields=["customer", "pool", "period"], condition=Q(customer__isnull=False),
                                    name="loyalty_partner_code_one_each"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["pool", "id"], condition=Q(customer=None), name="loyalty_partner_code_free"),
        ]

    def __str__(self) -> str:
        return f"code {self.pk} of {self.pool_id}"
