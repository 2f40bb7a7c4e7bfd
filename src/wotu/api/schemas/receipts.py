"""Cash back for receipts: offers, receipts that were sent in, and what was decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Field, Schema

from wotu.api.schemas.campaigns import Rate
from wotu.api.schemas.pages import Paging
from wotu.api.schemas.texts import Identifier, Money, Name
from wotu.api.schemas.times import Day
from wotu.loyalty.choices import PaidIn, ReceiptState

ReceiptNumber = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class NewReceiptOffer(Schema, extra="forbid"):
    """Either `rate` (0.05 is 5 %) of a receipt's amount or a `fixed` amount."""

    name: Name
    paid_in: PaidIn
    rate: Rate = Field(0, description="Of the amount: 0.05 is 5 %.")
    fixed: Money = "0"
    least: Money = Field("0", description="Below it nothing is due.")
    most_per_receipt: Money | None = None
    most_per_customer: Money | None = None
    first_day: Day
    last_day: Day
    claim_days: int = Field(14, ge=0, le=366, description="How long after its day a receipt may be sent in.")
    shops: list[Name] = Field([], max_length=200, description="Names to choose from; none: any.")


class ReceiptOffer(Schema):
    """An offer and what came of it. `cash` is what approved receipts brought."""

    id: int
    campaign: str
    currency: str
    name: str
    paid_in: str
    rate: float
    fixed: str
    least: str
    most_per_receipt: str | None
    most_per_customer: str | None
    first_day: date
    last_day: date
    claim_days: int
    shops: list[str]
    running: bool
    waiting: int
    approved: int
    refused: int
    reversed: int
    cash: str


class NewReceipt(Schema, extra="forbid"):
    """A receipt as its owner typed it. `photo` is a JPEG, PNG or WebP picture of 5 MB at most, base64."""

    customer: Identifier
    shop: Name
    day: Day
    number: ReceiptNumber
    amount: Money
    photo: str = Field(min_length=1, max_length=7_000_000)


class Receipt(Schema):
    """A receipt. `same_receipt` and `same_photo` count others that look like it."""

    id: int
    offer: int
    campaign: str
    currency: str
    customer: str | None
    shop: str
    day: date
    number: str
    amount: str
    state: str
    cash: str = Field(description="What it brought, as money.")
    paid: int = Field(description="The same in points or minor units, as it was paid.")
    reason: str
    decided_by: str
    sent_at: datetime
    decided_at: datetime | None
    has_photo: bool
    same_receipt: int
    same_photo: int


class SentReceipt(Receipt):
    """A receipt, and whether the customer had sent it in before."""

    repeated: bool


class ReceiptQuery(Paging):
    """Which receipts."""

    state: ReceiptState | None = None
    offer: int | None = Field(None, ge=1, lt=2**63)


class Seen(Schema, extra="forbid"):
    """What stands on the photo, where it is not what was typed."""

    shop: Name | None = None
    day: Day | None = None
    number: ReceiptNumber | None = None
    amount: Money | None = None


class Because(Schema, extra="forbid"):
    """Why, in words that the customer reads."""

    reason: Reason


class DecidedReceipt(Receipt):
    """A receipt, and whether it had been decided so before."""

    repeated: bool
