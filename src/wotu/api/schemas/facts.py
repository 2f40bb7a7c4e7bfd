"""Tables besides events, and the rules of stages."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema

Row = dict[str, Any]


class FactColumn(Schema):
    """A declared column."""

    name: str
    kind: str
    meaning: str
    required: bool


class FactTable(Schema):
    """A table: what it holds and what tells its rows apart."""

    name: str
    meaning: str
    key: list[str]
    columns: list[FactColumn]


class Counts(Schema):
    """What became of what was sent."""

    accepted: int = Field(description="Taken in.")
    duplicates: int = Field(description="Known already: nothing was changed by them.")
    quarantined: int = Field(description="Not understood, and kept with their reason.")


class Stages(Schema):
    """The company's rules by stage, and in words."""

    rules: dict[str, Any] = Field(examples=[{"exposure": "Product Viewed", "deal": {"order": 1}}])


class NewStages(Schema, extra="forbid"):
    """Rules to keep, over those of a preset if one is named. A stage that is in neither has none from then on."""

    rules: dict[str, Any] | None = Field(None, examples=[{"lead": "Friend Added"}])
    preset: Literal["b2c", "b2b"] | None = None
