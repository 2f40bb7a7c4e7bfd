"""Tables of contests: who joined, how often an event was counted, and what was won."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wotu.loyalty.choices import AwardState, ContestMetric, ContestTie


class Contest(models.Model):
    """What counts is what was done from ``starts_at`` until ``ends_at`` (not included), less what came back of it until
    ``cut_off``. ``prizes`` is a list of ``ranks.Prize`` as JSON. ``counted_at`` is when places were counted last.
    """

    campaign = models.ForeignKey("loyalty.Campaign", on_delete=models.PROTECT, related_name="contests")
    name = models.CharField(max_length=120)
    metric = models.CharField(max_length=6, choices=ContestMetric.choices)
    event = models.CharField(max_length=200, blank=True, default="")
    tie = models.CharField(max_length=7, choices=ContestTie.choices, default=ContestTie.EARLIER)
    prizes = models.JSONField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cut_off = models.DateTimeField()
    counted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), cut_off__gte=F("ends_at")), name="loyalty_contest_lasts"
            ),
            models.CheckConstraint(
                condition=Q(metric=ContestMetric.EVENT) & ~Q(event="") | ~Q(metric=ContestMetric.EVENT) & Q(event=""),
                name="loyalty_contest_counts_something",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContestEntry(models.Model):
    """Somebody joined. ``nickname`` is what they typed, ``masked`` what else stands for their name.

    ``score``, ``reached_at`` and ``place`` are as they were counted last, and for good once it is settled.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="entries", db_index=False)
    customer = models.BigIntegerField()
    nickname = models.CharField(max_length=20, blank=True, default="")
    masked = models.CharField(max_length=20, blank=True, default="")
    joined_at = models.DateTimeField()
    score = models.BigIntegerField(default=0)
    reached_at = models.DateTimeField(null=True)
    place = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "customer"], condition=Q(customer__gte=0), name="loyalty_contest_joined_once"
            ),
        ]
        indexes = [
            models.Index(fields=["contest", "place"], name="loyalty_contest_places"),
            models.Index(fields=["customer"], name="loyalty_contest_of_customer"),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk} of {self.contest_id}"


class ContestTally(models.Model):
    """How often a customer did the event of a contest in its time, joined or not, and when last."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    customer = models.BigIntegerField()
    times = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "customer"], name="loyalty_contest_tally_once"),
        ]
        indexes = [models.Index(fields=["customer"], name="loyalty_tally_of_customer")]

    def __str__(self) -> str:
        return f"{self.times} times"


class ContestAward(models.Model):
    """What an entry won, points and a coupon apart. What could not be given says why, and can be tried again."""

    entry = models.ForeignKey(ContestEntry, on_delete=models.PROTECT, related_name="awards", db_index=False)
    kind = models.CharField(max_length=6)
    place = models.PositiveIntegerField()
    points = models.BigIntegerField(default=0)
    template = models.BigIntegerField(null=True)
    state = models.CharField(max_length=7, choices=AwardState.choices)
    refusal = models.CharField(max_length=40, blank=True, default="")
    transfer = models.BigIntegerField(null=True)
    coupon = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "kind"], name="loyalty_contest_award_once"),
            models.CheckConstraint(
                condition=Q(state=AwardState.GIVEN, kind="points", transfer__isnull=False)
                | Q(state=AwardState.GIVEN, kind="coupon", coupon__isnull=False)
                | Q(state=AwardState.REFUSED, transfer=None, coupon=None) & ~Q(refusal=""),
                name="loyalty_contest_award_is_posted",
            ),
        ]

    def __str__(self) -> str:
        return f"award {self.pk} {self.state}"
