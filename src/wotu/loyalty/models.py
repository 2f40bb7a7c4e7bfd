"""Tables of campaigns, coupons, allowances and the orders they were used for. Amounts are minor units (分)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.choices import CampaignState, CouponState, ForWhom, OrderSource, OrderState
from wotu.loyalty.contests.models import Contest, ContestAward, ContestEntry, ContestTally
from wotu.loyalty.lottery.models import Draw, Lottery, Prize, Ticket, Win
from wotu.loyalty.membership.models import Membership, PartnerCode, PartnerPool, Plan, RenewalNotice
from wotu.loyalty.programme_models import (
    Badge,
    BadgeAward,
    CheckIn,
    Enrolment,
    ExpiryNotice,
    MallItem,
    MallRedemption,
    OrderEarning,
    Programme,
    ProgrammeVersion,
    WaitingReturn,
)
from wotu.loyalty.promotions.models import Promotion, PromotionCustomer, PromotionSlot, PromotionUse
from wotu.loyalty.receipts.models import Receipt, ReceiptOffer, ReceiptPhoto
from wotu.loyalty.samples.models import SampleOffer, SampleRequest

__all__ = [
    "Allowance",
    "Badge",
    "BadgeAward",
    "Campaign",
    "CheckIn",
    "CodeBatch",
    "Contest",
    "ContestAward",
    "ContestEntry",
    "ContestTally",
    "Coupon",
    "CouponTemplate",
    "Draw",
    "Enrolment",
    "ExpiryNotice",
    "Lottery",
    "MallItem",
    "MallRedemption",
    "Membership",
    "Order",
    "OrderEarning",
    "OrderReturn",
    "PartnerCode",
    "PartnerPool",
    "Plan",
    "Prize",
    "Programme",
    "ProgrammeVersion",
    "Promotion",
    "PromotionCustomer",
    "PromotionSlot",
    "PromotionUse",
    "Receipt",
    "ReceiptOffer",
    "ReceiptPhoto",
    "RenewalNotice",
    "SampleOffer",
    "SampleRequest",
    "TemplateVersion",
    "Ticket",
    "WaitingReturn",
    "Win",
]


class Campaign(models.Model):
    """Something launched together: it has a budget, runs for a time, and its effect is told together.

    ``budget`` is the most its discounts may cost, ``None`` without a limit; ``budget_account`` is the limit in the
    ledger that enforces it. ``asked_by`` wants somebody who may approve the budget to launch it.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=CampaignState.choices, default=CampaignState.DRAFT)
    currency = models.CharField(max_length=3, default="CNY")
    budget = models.BigIntegerField(null=True)
    budget_account = models.BigIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80, blank=True, default="")
    asked_by = models.CharField(max_length=80, blank=True, default="")
    asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    launched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(budget=None) | Q(budget__gte=0), name="loyalty_budget_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=[CampaignState.DRAFT]) | Q(launched_at__isnull=False),
                name="loyalty_campaign_runs_after_launch",
            ),
        ]

    def __str__(self) -> str:
        return self.name


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


class Allowance(models.Model):
    """How often somebody has done something that may be done so often: spent by the statement that checks it.

    ``customer`` is whose it is, where it is one person's: it follows them in a merge.
    """

    scope = models.CharField(max_length=160, unique=True)
    used = models.PositiveBigIntegerField(default=0)
    customer = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer"], condition=Q(customer__isnull=False),
                         name="loyalty_allowance_of_customer"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.scope}: {self.used}"


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
