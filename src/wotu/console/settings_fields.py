"""The settings a form offers: what they are called, what they do, and how a person writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.console.refusing import in_words
from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.core.periods import WEEKDAYS
from wotu.core.settings import Settings

_MOST_DIGITS = 12
_MOST_LINES = 50
ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul", "Asia/Bangkok",
    "Asia/Jakarta", "Asia/Kolkata", "Asia/Dubai", "Australia/Sydney", "Europe/Berlin", "Europe/London",
    "Europe/Paris", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "UTC",
)  # fmt: skip
CURRENCIES = ("CNY", "HKD", "TWD", "USD", "EUR", "GBP", "JPY", "KRW", "SGD", "THB", "INR", "AUD", "AED", "BRL")
_WEEKDAY_NAMES = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
    _("Sunday"),
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One setting of the form. ``restart``: it counts for a running server only after a restart."""

    name: str
    label: str | Promise
    hint: str | Promise = ""
    kind: Literal["text", "number", "choice", "lines"] = "text"
    options: tuple[tuple[str, str | Promise], ...] = ()
    suggestions: tuple[str, ...] = ()
    restart: bool = False

    def shown(self, settings: Settings) -> str:
        """The value as the form holds it."""
        value = getattr(settings, self.name)
        return "\n".join(value) if isinstance(value, tuple) else str(value)

    def in_words(self, value: Any) -> str:
        """A value for people, a choice by its name."""
        text = ", ".join(value) if isinstance(value, (list, tuple)) else str(value)
        return str(dict(self.options).get(text, text)) or "–"

    def read(self, text: str) -> Any:
        """What was typed as the settings take it; raises naming the field."""
        if self.kind == "lines":
            return tuple(line.strip() for line in text.splitlines() if line.strip())[:_MOST_LINES]
        if self.kind == "number":
            cleaned = text.strip()
            if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= _MOST_DIGITS):
                raise WotuError(
                    ErrorCode.INVALID_SETTING, str(_("Write a whole number.")), field=self.name, reason=Reason.SAID
                )
            return int(cleaned)
        return text.strip()


GROUPS: tuple[tuple[str | Promise, tuple[Field, ...]], ...] = (
    (
        _("General"),
        (
            Field("name", pgettext_lazy("setting", "Name"), _("Stands in the title of every page.")),
            Field(
                "questions_until", _("“Now” in questions"),
                _("With old data, “now” can be the end of the last day that has events."), "choice",
                (("now", _("the present moment")), ("data", _("the end of the data"))),
            ),
            Field("session_gap", _("A visit ends after"), _("Silence such as 30m or 1h.")),
        ),
    ),
    (
        _("Calendar and money"),
        (
            Field("timezone", _("Time zone"), _("Of calendar days, weeks and months."), suggestions=ZONES),
            Field(
                "currency", _("Currency"),
                _("Nothing is converted: amounts in another currency are left out of sums."),
                suggestions=CURRENCIES,
            ),
            Field(
                "week_start", _("Weeks begin on"), "", "choice", tuple(zip(WEEKDAYS, _WEEKDAY_NAMES, strict=True))
            ),
            Field(
                "approval_above", _("Budgets that owners approve"),
                _("A campaign with a budget above this, or without one, is launched by an owner."),
            ),
        ),
    ),
    (
        _("Messages in"),
        (
            Field(
                "messages_per_second", _("Messages a second, of one key"), _("0 means no limit."), "number",
            ),
            Field("largest_message_bytes", _("Largest message, bytes"), "", "number"),
            Field("largest_batch_bytes", _("Largest batch, bytes"), "", "number"),
            Field(
                "most_identifiers", _("Identifiers of one kind, of one customer"),
                _("Further ones join nobody; the customer is flagged."), "number",
            ),
        ),
    ),
    (
        _("Keeping"),
        (
            Field(
                "keep_messages_days", _("Keep messages, days"),
                _("Older ones are deleted for good. 0 keeps them for ever."), "number",
            ),
            Field(
                "keep_quarantine_days", _("Keep quarantine, days"), _("0 keeps it for ever."), "number",
            ),
            Field(
                "reserve_mb", _("Free disk to keep, MB"), _("With less than this, nothing more is taken in."),
                "number",
            ),
        ),
    ),
    (
        _("Addresses"),
        (
            Field(
                "allowed_hosts", _("Host names"), _("One a line, such as wotu.example.com."), "lines",
                restart=True,
            ),
            Field(
                "csrf_origins", _("Further origins of forms"),
                _("One a line, such as https://admin.example.com:8443."), "lines", restart=True,
            ),
            Field(
                "trusted_proxies", _("Trusted proxies"), _("Addresses or networks, one a line."), "lines",
                restart=True,
            ),
        ),
    ),
)  # fmt: skip
FIELDS = {field.name: field for _title, fields in GROUPS for field in fields}


def read_form(posted: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of a posted form, and the errors of those that cannot be read."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, field in FIELDS.items():
        if name in posted:
            try:
                values[name] = field.read(posted[name])
            except WotuError as error:
                errors[name] = in_words(error)
    return values, errors
