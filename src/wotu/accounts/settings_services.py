"""Changing the workspace's settings: checked whole, written whole, and told in the audit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from wotu.accounts import audit
from wotu.accounts.audit import Actor
from wotu.accounts.choices import AuditAction
from wotu.core.durations import parse_duration
from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import Settings, check_settings, read_settings, write_settings

# After these every answer is computed anew.
RECOMPUTE = ("timezone", "currency", "week_start")
# After this old messages are deleted.
DELETE = ("keep_messages_days",)
NEED_CONFIRMATION = RECOMPUTE + DELETE
# The control database holds the team itself: it is moved by hand, with the server stopped. What the server may
# reach in its own network is for whoever runs it to say.
NOT_HERE = ("database_url", "webhooks_to_private_networks")


def version_of(settings: Settings) -> str:
    """A text that changes with the settings."""
    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:16]


def changed_settings(current: Settings, typed: Mapping[str, Any]) -> Settings:
    """``current`` with the values of ``typed``; raises ``WotuError`` naming the first that cannot be used."""
    values = msgspec.to_builtins(current)
    for name, value in typed.items():
        if name in NOT_HERE or name not in values:
            raise _refused(name, gettext("This setting is changed in wotu.toml."))
        _check(name, value)
        values[name] = value
    return check_settings(msgspec.convert(values, Settings))


def change_settings(
    workspace: Path, typed: Mapping[str, Any], *, version: str, confirmed: bool, by: Actor, address: str = ""
) -> Settings:
    """Write changed settings and return them.

    ``version`` is that of the settings the person saw: settings changed since by somebody else stay as they are.
    A change that recomputes every answer or deletes messages must be ``confirmed``.
    """
    layout = Layout(workspace)
    cache = workspace / "cache"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file_lock(cache / "settings.lock"):
        current = read_settings(layout.settings)
        if version_of(current) != version:
            raise _refused("version", gettext("Somebody changed the settings meanwhile; look at them and try again."))
        changed = changed_settings(current, typed)
        told = differences(current, changed)
        if not confirmed and (unconfirmed := [name for name in NEED_CONFIRMATION if name in told]):
            raise _refused(unconfirmed[0], gettext("This change must be confirmed."))
        if told:
            with transaction.atomic():
                audit.record(actor=by, action=AuditAction.CHANGE_SETTINGS, detail=told, address=address)
                write_settings(layout.settings, changed)
    return changed


def differences(before: Settings, after: Settings) -> dict[str, list[Any]]:
    """What differs, as ``{name: [before, after]}``."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return {name: [_plain(old[name]), _plain(new[name])] for name in old if old[name] != new[name]}


def _check(name: str, value: Any) -> None:
    """Raise, naming the setting, when its value alone cannot be used."""
    try:
        if name == "session_gap":
            parse_duration(value, field=name)
        usable = name != "name" or bool(value.strip())
        check_settings(msgspec.convert({name: value}, Settings))
    except (msgspec.ValidationError, WotuError) as error:
        raise _refused(name, _advice(name)) from error
    if not usable:
        raise _refused(name, _advice(name))


def _advice(name: str) -> str:
    """What to write instead, in the language of the page."""
    if name in ("largest_message_bytes", "largest_batch_bytes", "most_identifiers"):
        return gettext("Write a whole number of at least 1.")
    if name in ("week_start", "questions_until"):
        return gettext("Choose one of the options.")
    return {
        "name": gettext("Write a name."),
        "timezone": gettext("Write a time zone such as Asia/Shanghai."),
        "currency": gettext("Write three capital letters such as CNY."),
        "session_gap": gettext("Write a duration such as 30m or 1h."),
        "approval_above": gettext("Write an amount such as 10000 or 99.90."),
        "csrf_origins": gettext("Write origins such as https://admin.example.com:8443, one a line."),
        "trusted_proxies": gettext("Write addresses or networks such as 10.0.0.0/8, one a line."),
    }.get(name, gettext("Write a whole number."))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _refused(name: str, message: str) -> WotuError:
    return WotuError(ErrorCode.INVALID_SETTING, message, field=name, reason=Reason.SAID)
