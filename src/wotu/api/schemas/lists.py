"""Lists of customers."""

from __future__ import annotations

from ninja import Field, Schema

MOST_CUSTOMERS = 100_000


class CustomerList(Schema):
    """Customers under a name."""

    name: str
    customers: int = Field(description="How many are on it now.")
    saved: str = Field(description="When it was saved, with an offset.")
    description: str


class NewList(Schema, extra="forbid"):
    """Who is to be on a list: `customer_ids`, or all for whom `where` holds."""

    customer_ids: list[str] | None = Field(None, max_length=MOST_CUSTOMERS, examples=[["c1", "c42"]])
    where: str | None = Field(None, examples=['trait.city == "上海"'])
    description: str = Field("", max_length=1000)


class DeletedList(Schema):
    """A list that is not there any more."""

    deleted: str
