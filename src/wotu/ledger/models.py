"""Tables of the ledger. Only the services of this room write them; transfers and postings are never changed.

Amounts are whole numbers of the unit's smallest part: points, 分, pieces.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wotu.ledger.choices import HoldState, Owner, Purpose, UnitKind


class Unit(models.Model):
    """Something that is counted: ``points``, ``money:CNY``, ``stock:sku-1``. Every transfer sums to zero in it."""

    code = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=8, choices=UnitKind.choices)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """An amount of one unit that belongs to somebody, for one purpose.

    ``balance`` and ``held`` are kept for customers' accounts alone: changed by the statement that also checks them,
    in the transaction of their postings. House and programme accounts have postings only; a limit has slices.
    ``due_at`` is the next moment at which a lot or hold of the account changes by itself.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    owner_kind = models.CharField(max_length=9, choices=Owner.choices)
    owner = models.BigIntegerField(default=0)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "unit", "owner_kind", "purpose"], name="ledger_account_once"),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.DEBT) | Q(held__gte=0, balance__gte=F("held")),
                name="ledger_account_never_below_its_holds",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=Purpose.DEBT) | Q(balance__lte=0, held=0), name="ledger_debt_is_owed"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="ledger_account_by_due"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.owner} {self.purpose} {self.unit_id}"


class Transfer(models.Model):
    """One movement of value with its cause. The cause is unique: the same one never moves anything twice."""

    programme = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    event = models.CharField(max_length=200)
    beneficiary = models.CharField(max_length=80)
    effect = models.CharField(max_length=64)
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reversals")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "programme", "version", "beneficiary", "effect"], name="ledger_cause_once"
            ),
        ]
        indexes = [
            models.Index(fields=["reverses"], condition=Q(reverses__isnull=False), name="ledger_transfer_reverses"),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.effect} for {self.event}"


class Lot(models.Model):
    """Value of a customer that came together and leaves by the same rules; ``remaining`` is what is still there.

    ``available_at`` is set while a lot waits in the pending account. ``expired`` is how much of it ran out unspent,
    ``taken_back`` how much of what it was granted for has been reversed.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    # Unchecked by the database, as postings are: a lot is written with its transfer, and the proof looks.
    source = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lots", db_constraint=False)
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    expired = models.BigIntegerField(default=0)
    taken_back = models.BigIntegerField(default=0)
    available_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("granted")), name="ledger_lot_between_none_and_all"
            ),
            models.CheckConstraint(
                condition=Q(expired__gte=0, taken_back__gte=0, taken_back__lte=F("granted")),
                name="ledger_lot_taken_back_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "expires_at", "id"], condition=Q(remaining__gt=0), name="ledger_lot_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"lot {self.pk}: {self.remaining} of {self.granted}"


class Posting(models.Model):
    """An amount that a transfer put into an account or, negative, took out of it; of a lot, where there are lots.

    The database checks no references here: a check locks the house's account, which every transfer names. The proof
    does.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="postings", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings", db_constraint=False)
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, related_name="postings", db_index=False, db_constraint=False
    )
    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="ledger_posting_moves")]

    def __str__(self) -> str:
        return f"{self.amount:+} in {self.account_id}"


class Slice(models.Model):
    """A part of a limit. The sizes of an account's slices sum to its limit; many can be spent from at once."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="slices", db_index=False)
    number = models.PositiveSmallIntegerField()
    size = models.BigIntegerField()
    used = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="ledger_slice_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0, held__gte=0, size__gte=F("used") + F("held")), name="ledger_slice_never_over"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.used}+{self.held} of {self.size}"


class Hold(models.Model):
    """An amount kept aside for one owner until ``expires_at``: of a customer's account, or of one slice of a limit."""

    key = models.CharField(max_length=160, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    slice = models.ForeignKey(Slice, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.HELD)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_hold_of_something")]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state=HoldState.HELD), name="ledger_hold_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount} {self.state}"


class Proof(models.Model):
    """How the last proof of the ledger ended; there is one row. ``agreed_at`` is when one last found nothing."""

    at = models.DateTimeField()
    seconds = models.FloatField()
    agreed_at = models.DateTimeField(null=True)
    differences = models.PositiveIntegerField()
    shown = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="ledger_one_proof")]

    def __str__(self) -> str:
        return f"{self.at}: {self.differences} differences"
