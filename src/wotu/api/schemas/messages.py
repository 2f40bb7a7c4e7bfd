"""Messages and the quarantine."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema

_NAME = r"^[A-Za-z0-9_.:-]{1,64}$"


class MessageQuery(Schema):
    """Where messages come from."""

    source: str = Field("api", pattern=_NAME, description="The source they count as.")
    namespace: str = Field("default", pattern=_NAME, description="Of their user ids.")


class QuarantinedRow(Schema):
    """A row that was not taken, and why."""

    received: datetime
    source: str | None
    file: str | None
    line: int | None
    field: str | None
    reason: str
    content: str | None = Field(description="The row as it came, cut to 2,000 characters; null where it is not shown.")
