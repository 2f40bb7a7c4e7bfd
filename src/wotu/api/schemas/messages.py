"""Messages and the quarantine."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema


class MessageQuery(Schema):
    """Where messages come from."""

    source: str = Field(
        "api", min_length=1, max_length=64, pattern=r"^[\w.:-]+$", description="The source they count as."
    )
    namespace: str = Field(
        "default", min_length=1, max_length=64, pattern=r"^[\w.:-]+$", description="Of their user ids."
    )


class QuarantinedRow(Schema):
    """A row that was not taken, and why."""

    received: datetime
    source: str | None
    file: str | None
    line: int | None
    field: str | None
    reason: str
    content: str | None = Field(description="The row as it came, cut to 2,000 characters; null where it is not shown.")
