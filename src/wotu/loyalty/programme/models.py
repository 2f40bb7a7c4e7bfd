"""Tables of points programmes: rules by version, who joined, what orders earned, check-ins, badges, the points mall."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from wotu.loyalty.choices import BadgeMetric, Expiry, Joining, ProgrammeState


class Programme(models.Model):
    """Points and growth value of customers under one set of terms; its day starts at an hour of its own zone.

    Points can be spent ``available_after_days`` after they were earned and expire by ``expiry`` and
    ``expiry_count``. A point pays ``point_worth`` minor units, all of them at most ``most_share`` basis points of an
    order. Points given back to a lot that has expired live for ``return_grace_days``. Members are told ``notice_days``
    before points end.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=ProgrammeState.choices, default=ProgrammeState.LIVE)
    joining = models.CharField(max_length=8, choices=Joining.choices, default=Joining.BY_ORDER)
    currency = models.CharField(max_length=3, default="CNY")
    points_unit = models.CharField(max_length=80)
    growth_unit = models.CharField(max_length=80)
    zone = models.CharField(max_length=64)
    day_starts_at = models.PositiveSmallIntegerField(default=0)
    available_after_days = models.PositiveSmallIntegerField(default=0)
    expiry = models.CharField(max_length=9, choices=Expiry.choices, default=Expiry.NEVER)
    expiry_count = models.PositiveSmallIntegerField(default=0)
    point_worth = models.PositiveIntegerField(default=1)
    most_share = models.PositiveSmallIntegerField(default=10_000)
    return_grace_days = models.PositiveSmallIntegerField(default=0)
    notice_days = models.PositiveSmallIntegerField(default=30)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ProgrammeVersion(models.Model):
    """The rules in force from ``starts_at``: a list of ``earning.EarnRule`` and one ``tiers.TierRules``, as JSON."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    earn = models.JSONField()
    tiers = models.JSONField()
    starts_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "version"], name="loyalty_programme_version_once")]

    def __str__(self) -> str:
        return f"{self.programme_id} version {self.version}"


class Enrolment(models.Model):
    """A customer in a programme. ``manual`` are levels given by hand, a list of ``tiers.Manual`` as JSON."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    customer = models.BigIntegerField()
    joined_at = models.DateTimeField()
    manual = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "programme"], name="loyalty_enrolled_once")]

    def __str__(self) -> str:
        return f"{self.customer} in {self.programme_id}"


class ExpiryNotice(models.Model):
    """A member was told, at ``at``, that ``points`` end at ``expires_at``: the row is the proof. Once for each end."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.BigIntegerField()
    expires_at = models.DateTimeField()
    points = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "programme", "expires_at"], name="loyalty_expiry_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer} was told of {self.expires_at}"


class OrderEarning(models.Model):
    """What a paid order earned, and under what: its day, the tier then, and what caps had left by rule (``rooms``).

    ``percent`` is the multiplier that a paid membership gave it. ``earned`` has, by rule, unit, points and the transfer
    that granted them; ``taken_back`` what returns took of it.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+", db_index=False)
    order = models.ForeignKey("loyalty.Order", on_delete=models.PROTECT, related_name="earnings", db_index=False)
    version = models.PositiveIntegerField()
    day = models.DateField()
    tier = models.CharField(max_length=40, blank=True, default="")
    percent = models.PositiveSmallIntegerField(default=100)
    rooms = models.JSONField(default=dict)
    earned = models.JSONField(default=dict)
    taken_back = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "programme"], name="loyalty_order_earns_once")]

    def __str__(self) -> str:
        return f"earned by order {self.order_id}"


class CheckIn(models.Model):
    """A customer came by on a day of the programme: the day is reckoned once, and there is one a day."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.BigIntegerField()
    day = models.DateField()
    at = models.DateTimeField()
    streak = models.PositiveIntegerField()
    points = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "programme", "day"], name="loyalty_check_in_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.customer} on {self.day}"


class Badge(models.Model):
    """Something to be shown for a metric, in ``levels``: how much each takes, rising."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="badges", db_index=False)
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    metric = models.CharField(max_length=16, choices=BadgeMetric.choices)
    levels = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="loyalty_badge_code_once")]

    def __str__(self) -> str:
        return self.name


class BadgeAward(models.Model):
    """A level (from 1) of a badge that a customer has; ``withdrawn_at`` when what it stood for was given back."""

    badge = models.ForeignKey(Badge, on_delete=models.PROTECT, related_name="awards", db_index=False)
    customer = models.BigIntegerField()
    level = models.PositiveSmallIntegerField()
    awarded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "badge", "level"], name="loyalty_badge_awarded_once")
        ]

    def __str__(self) -> str:
        return f"{self.badge_id} level {self.level} of {self.customer}"


class MallItem(models.Model):
    """Something to be had for points: goods, a benefit, or a coupon of ``template``.

    ``stock_account`` is the limit in the ledger that keeps how many are left; ``None``: any number.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="items")
    name = models.CharField(max_length=120)
    points = models.BigIntegerField()
    template = models.ForeignKey("loyalty.CouponTemplate", on_delete=models.PROTECT, null=True, related_name="+",
                                 db_index=False)  # fmt: skip
    per_customer = models.PositiveIntegerField(null=True)
    stock_account = models.BigIntegerField(null=True)
    shown = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(points__gt=0), name="loyalty_item_costs_points")]

    def __str__(self) -> str:
        return self.name


class MallRedemption(models.Model):
    """An item that a customer took for points, once for ``key``; ``cancelled_at`` when it was given back."""

    item = models.ForeignKey(MallItem, on_delete=models.PROTECT, related_name="redemptions", db_index=False)
    customer = models.BigIntegerField()
    key = models.CharField(max_length=120)
    points = models.BigIntegerField()
    transfer = models.BigIntegerField(null=True)
    coupon = models.ForeignKey("loyalty.Coupon", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "key"], name="loyalty_item_taken_once")]
        indexes = [models.Index(fields=["customer", "id"], name="loyalty_taken_by_customer")]

    def __str__(self) -> str:
        return f"{self.item_id} for {self.customer}"


class WaitingReturn(models.Model):
    """A refund whose order has not come in yet; it is applied when the order comes. ``message`` is what it said."""

    order_id = models.CharField(max_length=120)
    refund_id = models.CharField(max_length=120)
    customer = models.BigIntegerField()
    message = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order_id", "refund_id"], name="loyalty_return_waits_once")]
        indexes = [models.Index(fields=["customer"], name="loyalty_waiting_of_customer")]

    def __str__(self) -> str:
        return f"return {self.refund_id} of {self.order_id}"
