"""Tables of samples: what is given away, and who asked for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.choices import HandedOver, Reminder, SampleState


class SampleOffer(models.Model):
    """A product of which a campaign gives ``pieces`` samples away; the limit ``stock_account`` enforces it.

    ``tiers`` are the levels of the club that it is for; none: for everybody. ``rules.Following`` as columns.
    """

    campaign = models.ForeignKey("loyalty.Campaign", on_delete=models.PROTECT, related_name="sample_offers")
    name = models.CharField(max_length=120)
    product_id = models.CharField(max_length=120)
    pieces = models.BigIntegerField()
    stock_account = models.BigIntegerField(null=True)
    tiers = models.JSONField(default=list)
    remind_after = models.PositiveSmallIntegerField()
    measure = models.PositiveSmallIntegerField()
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pieces__gt=0), name="loyalty_sample_pieces")]

    def __str__(self) -> str:
        return self.name


class SampleRequest(models.Model):
    """Somebody asked for a sample, once a person; a piece is theirs from then on, until they are turned down."""

    offer = models.ForeignKey(SampleOffer, on_delete=models.PROTECT, related_name="requests", db_index=False)
    customer = models.BigIntegerField()
    state = models.CharField(max_length=11, choices=SampleState.choices, default=SampleState.REQUESTED)
    handed_over = models.CharField(max_length=7, choices=HandedOver.choices, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    reminder = models.CharField(max_length=7, choices=Reminder.choices, default=Reminder.DUE)
    asked_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "customer"], condition=Q(customer__gte=0), name="loyalty_sample_one_each"
            ),
            models.CheckConstraint(
                condition=Q(state=SampleState.GIVEN, given_at__isnull=False)
                | Q(given_at=None) & ~Q(state=SampleState.GIVEN),
                name="loyalty_sample_given_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["offer", "state", "id"], name="loyalty_sample_queue"),
            models.Index(fields=["customer"], name="loyalty_sample_of_customer"),
            models.Index(
                fields=["given_at"], condition=Q(state=SampleState.GIVEN, reminder=Reminder.DUE),
                name="loyalty_sample_to_remind",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"sample {self.pk} {self.state}"
