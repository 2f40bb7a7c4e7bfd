"""Pages of a list, and how to ask for them."""

from __future__ import annotations

from typing import Generic, TypeVar

from ninja import Field, Schema

from wotu.api.cursors import LONGEST, packed, unpacked

Item = TypeVar("Item")
MOST = 500


class Page(Schema, Generic[Item]):
    """Some of a list. ``next``, given as ``cursor``, asks for what follows; null at the end."""

    items: list[Item]
    next: str | None = Field(description="Give it as `cursor` for the following page; null at the end.")


class Paging(Schema):
    """Which part of a list is wanted."""

    limit: int = Field(50, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(None, max_length=LONGEST, description="`next` of the page before.")

    @property
    def place(self) -> str | None:
        """Where the page before stopped, as the room that gave it wrote it."""
        return unpacked(self.cursor or None)


def page(items: list[Item], place: str | None) -> Page[Item]:
    """A page that ends at ``place`` of the room it comes from."""
    return Page[Item](items=items, next=packed(place))
