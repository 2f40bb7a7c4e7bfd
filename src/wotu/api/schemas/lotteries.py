"""Lotteries, their prizes and odds, chances, draws, wins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from wotu.api.schemas.campaigns import Currency
from wotu.api.schemas.pages import Paging
from wotu.api.schemas.texts import Identifier, Money
from wotu.api.schemas.times import Instant

LotteryCode = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["wheel"])]
Odds = Annotated[
    str, Field(min_length=1, max_length=24, pattern=r"^[^\x00]*$", description="A share.", examples=["1/50", "2%"])
]
Key = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
_ShortName = Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")]
_Line = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
_Terms = Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")]
_Cap = Annotated[int, Field(ge=1, le=1_000_000)]


class Release(Schema, extra="forbid"):
    """So many tickets, spread evenly from one instant to another; at once where both are the same."""

    starts_at: Instant
    ends_at: Instant
    pieces: int = Field(ge=1, le=200_000)


class NewPrize(Schema, extra="forbid"):
    """A prize. `points` are those of the club; `template` is the kind of coupon; thanks have no pieces."""

    name_zh: _ShortName = ""
    name_en: _ShortName = ""
    kind: Literal["coupon", "points", "goods", "thanks"]
    odds: Odds
    pieces: int = Field(0, ge=0, le=200_000)
    release: list[Release] = Field([], max_length=100, description="When its tickets come; empty: with the start.")
    value: Money | None = Field(None, description="What one is worth; the law wants it published.")
    points: int | None = Field(None, ge=1, le=1_000_000_000)
    template: int | None = Field(None, ge=1, le=2**62)


class ChanceRule(Schema, extra="forbid"):
    """What earns chances: a day's visit, a paid order, a recharge, a share in a mini-program or app."""

    id: str = Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$", examples=["order"])
    by: Literal["visit", "order", "recharge", "share"]
    chances: int = Field(1, ge=1, le=1_000)
    at_least: Money = Field("0", description="What an order or recharge must come to.")
    paid_with: str = Field("", max_length=40, pattern=r"^[^\x00]*$", description="How an order was paid.")
    template: int | None = Field(None, ge=1, le=2**62, description="With which kind of coupon it was paid.")
    most_per_day: _Cap | None = None
    most: _Cap | None = None


class NewLottery(Schema, extra="forbid"):
    """A lottery to be written as a draft. The odds of all prizes are 1 at most; the rest is nothing."""

    code: LotteryCode
    name_zh: _ShortName = ""
    name_en: _ShortName = ""
    look: Literal["wheel", "scratch"] = "wheel"
    starts_at: Instant
    ends_at: Instant = Field(description="Not included.")
    claim_until: Instant | None = Field(None, description="Until when a win can be claimed.")
    currency: Currency | None = Field(None, description="Of the workspace, unless named.")
    sponsor: _Line = ""
    contact: _Line = ""
    terms_zh: _Terms = ""
    terms_en: _Terms = ""
    prizes: list[NewPrize] = Field(min_length=1, max_length=12)
    chances: list[ChanceRule] = Field([], max_length=20)
    most_wins: _Cap | None = Field(None, description="How often one person may win.")
    most_chances: _Cap | None = Field(None, description="How many chances one person may have in all.")


class Prize(Schema):
    """A prize and its tickets: `made` is `taken` + `free` + `withdrawn`; `released` of the free can be drawn now."""

    place: int
    name_zh: str
    name_en: str
    kind: str
    odds: str
    pieces: int
    value: str | None
    points: int | None
    template: int | None
    made: int
    taken: int
    free: int
    released: int
    withdrawn: int


class Lottery(Schema):
    """A lottery in a list. `cost` is what all its prizes are worth; null where one has no value."""

    code: str
    name_zh: str
    name_en: str
    look: str
    state: str = Field(description="draft, live, paused or ended.")
    running: bool = Field(description="Whether anybody can draw now.")
    currency: str
    starts_at: datetime
    ends_at: datetime
    cost: str | None


class Figures(Schema):
    """How a lottery goes. `cost` is what the prizes that were won are worth."""

    draws: int
    people: int
    wins: int
    winners: int
    left: int
    cost: str
    owed: int
    to_hand_out: int
    chances_earned: int
    chances_used: int


class LotteryInFull(Lottery):
    """A lottery with all that is published of it. `seed_sha256` is its promise; `seed` is told after the end."""

    claim_until: datetime | None
    sponsor: str
    contact: str
    terms_zh: str
    terms_en: str
    prizes: list[Prize]
    nothing: str = Field(description="The odds of no prize at all.")
    chances: list[ChanceRule]
    most_wins: int | None
    most_chances: int | None
    created_by: str
    launched_at: datetime | None
    ended_at: datetime | None
    ended_because: str
    seed_sha256: str
    seed: str
    law: list[str] = Field(description="What the law has against the launch of a draft.")
    figures: Figures


class EndAsked(Schema, extra="forbid"):
    """Why a lottery ends before its time."""

    because: str = Field("", max_length=200, pattern=r"^[^\x00]*$")


class MorePieces(Schema, extra="forbid"):
    """More pieces of the prize at `place`."""

    place: int = Field(ge=0, le=11)
    pieces: int = Field(ge=1, le=200_000)


class ChancesAsked(Schema, extra="forbid"):
    """Chances for a reason of one's own, once for `key`."""

    customer: Identifier
    key: Key
    count: int = Field(1, ge=1, le=1_000)


class Chances(Schema):
    """How many chances were `given` now, how many the customer has, and what comes with the first draw today."""

    given: int
    had: int
    for_today: int


class DrawAsked(Schema, extra="forbid"):
    """One draw of a customer, once for `key`."""

    customer: Identifier
    key: Key


class Drawn(Schema):
    """What a draw came to. `prize` is the place of what was won, or of the thanks; `repeated`: drawn before."""

    draw: int
    outcome: str = Field(description="won, thanks, nothing, none_left or won_enough.")
    prize: int | None
    win: int | None
    repeated: bool
    chances_left: int


class Win(Schema):
    """A win. `customer` is null for one who was erased; `why` is the reason why it is still owed."""

    id: int
    draw: int
    customer: str | None
    name_zh: str
    name_en: str
    kind: str
    value: str | None
    state: str = Field(description="given, owed, to_hand or handed.")
    why: str
    at: datetime
    given_at: datetime | None


class WinQuery(Paging):
    """Which wins."""

    open: bool = Field(False, description="Only those that are still to be given.")


class HandedOut(Schema):
    """Whether it was noted now."""

    handed_out: bool
