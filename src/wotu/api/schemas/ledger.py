"""The ledger: balances, lots, statements, transfers, limits, liability. Amounts are whole numbers of a unit's
smallest part: points, 分, pieces."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging
from wotu.api.schemas.texts import Money
from wotu.api.schemas.times import Instant
from wotu.ledger.adjusting_services import LONGEST_REASON
from wotu.ledger.payout_services import LONGEST_NOTE
from wotu.ledger.rules import LARGEST_AMOUNT

# PostgreSQL keeps no NUL in texts.
_CODE = r"^[^\x00]*$"
UNIT = Field(max_length=80, pattern=_CODE, description="The code of a unit.", examples=["points"])


class Unit(Schema):
    """Something that is counted."""

    code: str = Field(examples=["points"])
    kind: str = Field(description="`points`, `growth`, `money`, `coupon`, `stock`, `seat`, `card` or `uses`.")
    name: str


class Balance(Schema):
    """What a customer has of a unit."""

    unit: Unit
    free: int = Field(description="What can be spent now.")
    held: int
    pending: int = Field(description="What was granted and cannot be spent yet.")
    owed: int


class Cause(Schema):
    """Why something moved; each cause moves value once."""

    programme: str
    version: int
    event: str
    beneficiary: str
    effect: str


class TransferRef(Schema):
    """A transfer, its time and cause."""

    id: int
    at: datetime
    cause: Cause


class Lot(Schema):
    """What a customer was granted together."""

    id: int
    source: TransferRef
    granted: int
    remaining: int
    expired: int
    taken_back: int
    waits: bool = Field(description="Whether it cannot be spent yet.")
    available_at: datetime | None
    expires_at: datetime | None


class LotQuery(Schema):
    """Which lots."""

    unit: str = UNIT
    spent: bool = Field(False, description="Also lots of which nothing is left.")


class Account(Schema):
    """An account; `customer_id` where it is a customer's."""

    id: int
    unit: str
    owner_kind: str = Field(description="`customer`, `programme`, `house` or `erased`.")
    customer_id: str | None
    purpose: str = Field(
        description="`main`, `pending` and `debt` of customers, `limit` of programmes, `issued`, `redeemed`, "
        "`expired` and `adjusted` of the house."
    )


class StatementEntry(Schema):
    """One posting, with the balance after it."""

    id: int
    transfer: TransferRef
    account: Account
    counter: list[Account] = Field(description="Where the amount came from or went to.")
    lot: int | None
    amount: int
    balance: int
    reverses: int | None = Field(description="The transfer that this one reverses.")
    reversed_by: list[int]


class StatementQuery(Paging):
    """Which part of a statement."""

    unit: str = UNIT
    purpose: Literal["", "main", "pending", "debt"] = Field("", description="Only the account for this purpose.")


class Posting(Schema):
    """An amount into an account, or out of it when negative."""

    id: int
    account: Account
    lot: int | None
    amount: int


class Transfer(Schema):
    """A transfer with everything it moved."""

    transfer: TransferRef
    postings: list[Posting]
    reverses: TransferRef | None
    reversals: list[TransferRef]


class Limit(Schema):
    """What may be used up of a unit."""

    account: int
    unit: Unit
    owner: int = Field(description="The number of the programme.")
    size: int
    used: int
    held: int
    left: int
    slices: int = Field(description="How many parts it is kept in.")


class LimitQuery(Paging):
    """Which limits."""

    unit: str = Field("", max_length=80, pattern=_CODE, description="Only of this unit.")


class ProgrammeLiability(Schema):
    """What a programme issued and redeemed, and what expired and remains of what it issued."""

    programme: str
    issued: int
    redeemed: int
    expired: int
    adjusted: int
    outstanding: int


class Liability(Schema):
    """A unit as the house sees it: issued = redeemed + expired + adjusted + outstanding − owed + in_limits."""

    unit: Unit
    issued: int
    redeemed: int
    expired: int
    adjusted: int
    outstanding: int
    owed: int
    in_limits: int
    customers: int
    programmes: list[ProgrammeLiability]


class LiabilityQuery(Schema):
    """Which units."""

    unit: str = Field("", max_length=80, pattern=_CODE, description="Only this unit.")


class Expiring(Schema):
    """What will expire in the day or month that begins at `start`."""

    start: date
    amount: int
    lots: int


class ExpiryQuery(Schema):
    """Of which unit, and how it is grouped."""

    unit: str = UNIT
    by: Literal["day", "month"] = Field("month", description="Days and months are the workspace's.")
    until: Instant | None = Field(None, description="Only what expires before; with its offset.")


class Proof(Schema):
    """How the last proof of the ledger ended; nulls before the first."""

    at: datetime | None
    agreed_at: datetime | None = Field(description="When a proof last found no difference.")
    differences: int | None


class NewAdjustment(Schema, extra="forbid"):
    """An amount that somebody of the team gives, or, negative, takes."""

    unit: str = UNIT
    amount: int = Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT, examples=[50])
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, examples=["parcel came late"])
    expires_at: datetime | None = Field(None, description="When what is given expires; never without. With offset.")


class NewPayout(Schema, extra="forbid"):
    """Money that was paid to a customer, outside."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["CNY"])
    amount: Money = Field(examples=["12.50"])
    note: str = Field(min_length=1, max_length=LONGEST_NOTE, pattern=_CODE, description="How it was paid.")


class Adjusted(Schema):
    """The transfer that it made."""

    transfer: int
    balance: Balance
