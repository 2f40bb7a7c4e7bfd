"""The workspace's settings: ``wotu.toml``, the one file that configures the Django-free rooms."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wotu.core.durable import write_durably
from wotu.core.durations import parse_duration
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.proxies import networks

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]
# Scheme, host (its first label may be a star) and port; nothing after them.
_ORIGIN = re.compile(r"https?://(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s/\\@?#:\[\]*]+)(:[0-9]{1,5})?")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of ``wotu.toml`` with its default.

    ``timezone``: IANA zone of calendar periods. ``currency``: ISO 4217 code of reports.
    ``week_start``: first day of a week. ``questions_until``: whether *now* of questions is the wall
    clock (``now``) or the end of the last day with events (``data``). ``name``: shown in the console.
    ``database_url``: control database; empty means SQLite inside the workspace.
    ``allowed_hosts``: host names the console answers to besides this machine's own.
    ``csrf_origins``: origins whose forms are accepted besides https of the allowed hosts.
    ``trusted_proxies``: addresses or networks whose X-Forwarded headers count, besides this machine.
    ``session_gap``: silence that ends a visit. ``largest_message_bytes``, ``largest_batch_bytes``: of one
    request to the collector, unpacked. ``messages_per_second``: of one key; 0 means no limit.
    ``most_identifiers``: of one type at one customer before it is flagged. ``reserve_mb``: free disk below
    which nothing more is taken. ``approval_above``: budget of a campaign, in whole units of its currency,
    above which an owner has to launch it. ``keep_messages_days``, ``keep_quarantine_days``: 0 means for ever.
    ``webhooks_to_private_networks``: whether webhooks may go to this machine and to private networks, and over http.
    """

    timezone: str = "Asia/Shanghai"
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "CNY"
    week_start: Weekday = "monday"
    questions_until: Literal["now", "data"] = "now"
    name: str = "Wotu"
    database_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    csrf_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    session_gap: str = "30m"
    largest_message_bytes: Positive = 32_768
    largest_batch_bytes: Positive = 512_000
    messages_per_second: NotNegative = 0
    most_identifiers: Positive = 50
    reserve_mb: NotNegative = 1024
    approval_above: str = "10000.00"
    keep_messages_days: NotNegative = 0
    keep_quarantine_days: NotNegative = 90
    webhooks_to_private_networks: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def read_settings(path: Path) -> Settings:
    """Settings from ``wotu.toml``; a missing file means the defaults, a wrong key is named."""
    if not path.exists():
        return Settings()
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WotuError(
            ErrorCode.INVALID_SETTING, f"{path.name}: {error}. Correct the file and start again."
        ) from error
    return check_settings(settings)


def check_settings(settings: Settings) -> Settings:
    """The settings unchanged, or an error that names the one that cannot be used."""
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WotuError(
            ErrorCode.INVALID_SETTING,
            f"timezone={settings.timezone!r} is not a time zone; use a name such as Asia/Shanghai.",
            field="timezone",
        ) from error
    _check_duration(settings.session_gap)
    _check_networks(settings.trusted_proxies)
    _check_origins(settings.csrf_origins)
    _check_amount(settings.approval_above)
    return settings


def _check_duration(session_gap: str) -> None:
    try:
        parse_duration(session_gap, field="session_gap")
    except WotuError as error:
        raise WotuError(ErrorCode.INVALID_SETTING, error.message, field="session_gap") from error


def _check_amount(approval_above: str) -> None:
    if not _AMOUNT.fullmatch(approval_above):
        raise WotuError(
            ErrorCode.INVALID_SETTING,
            f"approval_above={approval_above!r} is not an amount; write it such as 10000.00.",
            field="approval_above",
        )


def _check_networks(trusted_proxies: tuple[str, ...]) -> None:
    for text in trusted_proxies:
        try:
            networks([text])
        except ValueError as error:
            raise WotuError(
                ErrorCode.INVALID_SETTING,
                f"trusted_proxies: {text!r} is no address and no network; write 10.0.0.7 or 10.0.0.0/8.",
                field="trusted_proxies",
            ) from error


def _check_origins(csrf_origins: tuple[str, ...]) -> None:
    for text in csrf_origins:
        if not _ORIGIN.fullmatch(text):
            raise WotuError(
                ErrorCode.INVALID_SETTING,
                f"csrf_origins: {text!r} is no origin; write scheme, host and port alone: https://wotu.example.com:8443.",
                field="csrf_origins",
            )


def write_settings(path: Path, settings: Settings) -> None:
    """Write ``wotu.toml`` whole, readable by its owner only (it may hold a database password)."""
    lines = ["# Settings of this Wotu workspace; see docs/reference/settings.md.", ""]
    for name, value in msgspec.to_builtins(settings).items():
        lines.append(f"{name} = {_toml(value)}")
    write_durably(path, ("\n".join(lines) + "\n").encode(), mode=0o600)


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A JSON string is a valid TOML basic string, but for the one control character JSON leaves as it is.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
