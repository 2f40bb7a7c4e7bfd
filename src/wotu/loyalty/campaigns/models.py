"""The table of campaigns. Amounts are minor units (分)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.choices import CampaignState


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
