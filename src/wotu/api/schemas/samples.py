"""Samples with follow-up: offers, requests, and how many bought the product afterwards."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging
from wotu.api.schemas.receipts import Reason
from wotu.api.schemas.texts import Id, Identifier, Name
from wotu.loyalty.choices import HandedOver, SampleState


class NewSampleOffer(Schema, extra="forbid"):
    """Samples of a product, one a person while the campaign runs."""

    name: Name
    product_id: Id = Field(description="What an order line names when it is this product.")
    pieces: int = Field(ge=1, le=1_000_000_000)
    tiers: list[Name] = Field([], max_length=20, description="Levels it is for; none: everybody.")
    remind_after: int = Field(7, ge=1, le=366, description="Days after the sample on which its owner is asked.")
    measure: int = Field(30, ge=1, le=366, description="Days after the sample in which a purchase counts.")


class SampleOffer(Schema):
    """An offer, what is left of it, and how many asked and got one."""

    id: int
    campaign: str
    name: str
    product_id: str
    pieces: int
    left: int
    tiers: list[str]
    remind_after: int
    measure: int
    running: bool
    requested: int
    given: int
    turned_down: int
    reminded: int


class PurchaseRate(Schema):
    """Of `of` people whose time to buy is over, `bought` did; not what the sample caused."""

    of: int
    bought: int
    waiting: int = Field(description="People whose time to buy is not over; they are not in `of`.")
    share: float | None = Field(description="Null while nobody's time is over.")
    low: float | None = Field(description="Wilson's interval at 95 %.")
    high: float | None


class SampleOfferInFull(SampleOffer):
    """An offer and what followed."""

    purchase_rate: PurchaseRate


class AskedFor(Schema, extra="forbid"):
    """Who asks for a sample."""

    customer: Identifier


class SampleRequest(Schema):
    """A request for a sample."""

    id: int
    offer: int
    customer: str | None
    state: str = Field(description="requested, given or turned_down.")
    handed_over: str = Field(description="handed, shipped, or empty.")
    reason: str
    asked_at: datetime
    given_at: datetime | None
    reminded_at: datetime | None


class AskedSample(SampleRequest):
    """A request, and whether it was made or decided so before."""

    repeated: bool


class SampleQuery(Paging):
    """Which requests."""

    state: SampleState | None = None
    offer: int | None = Field(None, ge=1, lt=2**63)


class HandOut(Schema, extra="forbid"):
    """How a sample came to its owner."""

    how: HandedOver


class TurnDown(Schema, extra="forbid"):
    """Why there is no sample, in words that the customer reads."""

    reason: Reason
