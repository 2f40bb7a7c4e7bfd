"""Links to customers' own pages."""

from __future__ import annotations

from ninja import Field, Schema

from wotu.loyalty.links import LONGEST_DAYS


class NewMemberLink(Schema):
    """For how many days the link opens the page."""

    days: int = Field(ge=1, le=LONGEST_DAYS)


class MemberLink(Schema):
    """The customer and the address, which is told once: it is null when the request is repeated under its key."""

    customer: str
    url: str | None
