"""Tables of lotteries: prizes with their odds, tickets made beforehand, draws, wins. Amounts are minor units."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery.choices import Look, Outcome, PrizeKind, WinState


class Lottery(models.Model):
    """Something to be drawn from ``starts_at`` until ``ends_at``; its facts are settled with the launch.

    ``chances`` is a list of ``chances.ChanceRule`` as JSON. ``seed`` is what every draw and release is reckoned from;
    it is empty before the launch and secret until the end. ``most_wins`` is how often one person may win,
    ``most_chances`` how many chances they may have in all. ``sponsor``, ``contact`` and the terms are published, as is
    until when a win can be claimed.
    """

    code = models.SlugField(max_length=40, unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    look = models.CharField(max_length=8, choices=Look.choices, default=Look.WHEEL)
    state = models.CharField(max_length=8, choices=CampaignState.choices, default=CampaignState.DRAFT)
    currency = models.CharField(max_length=3, default="CNY")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    claim_until = models.DateTimeField(null=True)
    sponsor = models.CharField(max_length=120, blank=True, default="")
    contact = models.CharField(max_length=120, blank=True, default="")
    terms_zh = models.TextField(blank=True, default="")
    terms_en = models.TextField(blank=True, default="")
    chances = models.JSONField(default=list)
    most_wins = models.PositiveIntegerField(null=True)
    most_chances = models.PositiveIntegerField(null=True)
    seed = models.CharField(max_length=64, blank=True, default="")
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80, blank=True, default="")
    asked_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=80, blank=True, default="")
    launched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="loyalty_lottery_not_backwards"),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT, launched_at=None, seed="")
                | (~Q(state=CampaignState.DRAFT) & Q(launched_at__isnull=False) & ~Q(seed="")),
                name="loyalty_lottery_runs_after_launch",
            ),
        ]

    def __str__(self) -> str:
        return self.name_en


class Prize(models.Model):
    """One of the prizes, ``pieces`` times, drawn with the odds ``numerator`` in ``denominator``.

    ``windows`` is a list of ``releases.Window`` as JSON; empty, all tickets are there from the beginning. ``value`` is
    what one piece is worth. Points are those of ``programme``; a coupon is of ``template``.
    """

    lottery = models.ForeignKey(Lottery, on_delete=models.CASCADE, related_name="prizes", db_index=False)
    place = models.PositiveSmallIntegerField()
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=PrizeKind.choices)
    numerator = models.PositiveBigIntegerField()
    denominator = models.PositiveBigIntegerField()
    pieces = models.PositiveIntegerField(default=0)
    windows = models.JSONField(default=list)
    value = models.BigIntegerField(null=True)
    points = models.BigIntegerField(null=True)
    programme = models.ForeignKey("loyalty.Programme", on_delete=models.PROTECT, null=True, related_name="+",
                                  db_index=False)  # fmt: skip
    template = models.ForeignKey("loyalty.CouponTemplate", on_delete=models.PROTECT, null=True, related_name="+",
                                 db_index=False)  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lottery", "place"], name="loyalty_prize_place_once"),
            models.CheckConstraint(
                condition=Q(denominator__gt=0, numerator__lte=F("denominator")), name="loyalty_prize_odds_are_a_share"
            ),
            models.CheckConstraint(
                condition=Q(kind=PrizeKind.COUPON, template__isnull=False, points=None, programme=None)
                | Q(kind=PrizeKind.POINTS, points__gt=0, programme__isnull=False, template=None)
                | Q(kind__in=[PrizeKind.GOODS, PrizeKind.THANKS], points=None, programme=None, template=None),
                name="loyalty_prize_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name_en


class Draw(models.Model):
    """One draw of a customer, once for ``key``, which spent one chance.

    ``number`` is what the seed has for it, and ``drawn`` the prize that the published odds make of that number;
    ``outcome`` says whether it was had.
    """

    lottery = models.ForeignKey(Lottery, on_delete=models.PROTECT, related_name="draws", db_index=False)
    customer = models.BigIntegerField()
    key = models.CharField(max_length=120)
    number = models.BigIntegerField(default=0)
    drawn = models.ForeignKey(Prize, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.NOTHING)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lottery", "key"], name="loyalty_drawn_once")]
        indexes = [models.Index(fields=["customer", "lottery"], name="loyalty_draw_of_customer")]

    def __str__(self) -> str:
        return f"draw {self.pk}: {self.outcome}"


class Ticket(models.Model):
    """One piece of a prize, in the pool from ``release_at``: taken by one draw, or withdrawn at the end, or free."""

    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    release_at = models.DateTimeField()
    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, null=True, related_name="ticket")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(draw=None) | Q(withdrawn_at=None), name="loyalty_ticket_taken_or_withdrawn"
            ),
        ]
        indexes = [
            models.Index(fields=["prize", "release_at", "id"], condition=Q(draw=None, withdrawn_at=None),
                         name="loyalty_ticket_free"),
            models.Index(fields=["prize"], name="loyalty_ticket_of_prize"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"ticket {self.pk} of {self.prize_id}"


class Win(models.Model):
    """What a draw won, and what became of it. ``why`` is the reason why it is still owed."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, related_name="win")
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="wins")
    customer = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=WinState.choices)
    why = models.CharField(max_length=40, blank=True, default="")
    coupon = models.ForeignKey("loyalty.Coupon", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    transfer = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)
    given_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[WinState.GIVEN, WinState.HANDED_OUT], given_at__isnull=False)
                | Q(state__in=[WinState.OWED, WinState.TO_HAND_OUT], given_at=None),
                name="loyalty_win_of_its_state",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "id"], name="loyalty_win_of_customer"),
            models.Index(fields=["state", "id"], condition=Q(given_at=None), name="loyalty_win_to_give"),
        ]

    def __str__(self) -> str:
        return f"win {self.pk} {self.state}"
