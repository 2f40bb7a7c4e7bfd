"""Texts and numbers of bodies that reach a database: bounded, and without the character it cannot keep."""

from __future__ import annotations

from typing import Annotated

from ninja import Field, Schema

_NO_NUL = r"^[^\x00]*$"
Money = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$", max_length=24, examples=["10.00"])]
"""An amount as decimal text, not negative."""

Id = Annotated[str, Field(min_length=1, max_length=120, pattern=_NO_NUL)]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=_NO_NUL)]
Label = Annotated[str, Field(max_length=120, pattern=_NO_NUL)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Identifier = Annotated[
    str,
    Field(
        min_length=1, max_length=400, description="Of a customer: `c42`, `type:value` or a bare value.",
        examples=["phone:13800000001"],
    ),
]  # fmt: skip


class Nothing(Schema, extra="forbid"):
    """A body with nothing in it: `{}`."""
