"""Keys, the audit, settings, the state of the install."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging


class Key(Schema):
    """A key without its text."""

    id: str = Field(examples=["k7"])
    kind: Literal["write", "api"]
    name: str
    namespace: str
    role: str
    messages_per_second: int | None
    created_by: str
    created_at: datetime
    rotated_from: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    state: Literal["active", "ending", "expired", "revoked"]


class Keys(Schema):
    """Every key there ever was, those that work first."""

    items: list[Key]


class NewKey(Schema, extra="forbid"):
    """A key to make."""

    kind: Literal["write", "api"]
    name: str = Field("", max_length=64, description="Of a write key the source of its messages.", examples=["shop"])
    namespace: str = Field("default", max_length=64, description="Of a write key: whose user ids it sends.")
    role: Literal["owner", "marketer", "analyst", "viewer"] = Field("analyst", description="Of an API key.")
    messages_per_second: int | None = Field(None, ge=1, le=1_000_000, description="Of a write key.")


class MadeKey(Schema):
    """A key that was made. Its text is told once: only a hash of it is kept."""

    id: str = Field(examples=["k7"])
    key: str | None = Field(description="The key's text; null where a repeated request is answered again.")


class Rotation(Schema, extra="forbid"):
    """How a key is replaced."""

    overlap: str = Field("24h", max_length=16, description="How long the old key works on; `0` ends it at once.")


class EndedKey(Schema):
    """A key that works no more."""

    id: str


class AuditQuery(Paging):
    """Which entries of the audit."""

    actor: str = Field("", max_length=80)
    action: str = Field("", max_length=32, examples=["export"])
    since: datetime | None = None
    until: datetime | None = None


class AuditEntry(Schema):
    """Who did what."""

    at: datetime
    actor_kind: str
    actor: str
    action: str
    target: str
    detail: dict[str, Any]
    address: str


class Settings(Schema):
    """What `wotu.toml` says, but for the address of the database."""

    settings: dict[str, Any] = Field(examples=[{"timezone": "Asia/Shanghai", "currency": "CNY"}])
    version: str = Field(description="Changes with the settings.")


class Trouble(Schema):
    """Something that needs somebody."""

    kind: Literal["disk_full", "clock_behind", "failing", "stopped", "behind"]
    reason: str


class State(Schema):
    """How the install runs."""

    version: str
    settler: str | None = Field(description="What the settler does; null when none has run yet.")
    settler_is_up: bool
    waiting: int = Field(description="Segments that wait to be settled.")
    backlog_seconds: float = Field(description="How long the oldest has waited.")
    generation: str = Field(description="Changes whenever the data change.")
    quarantined: int
    free_bytes: int
    troubles: list[Trouble]
