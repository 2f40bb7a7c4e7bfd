"""All tables of loyalty, each written in the folder it belongs to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.campaigns.models import Campaign
from wotu.loyalty.contests.models import Contest, ContestAward, ContestEntry, ContestTally
from wotu.loyalty.coupons.models import CodeBatch, Coupon, CouponTemplate, TemplateVersion
from wotu.loyalty.lottery.models import Draw, Lottery, Prize, Ticket, Win
from wotu.loyalty.membership.models import Membership, PartnerCode, PartnerPool, Plan, RenewalNotice
from wotu.loyalty.orders.models import Order, OrderReturn
from wotu.loyalty.programme.models import (
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
