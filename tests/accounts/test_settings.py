"""Settings changed by a person: whole or not at all, and told."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from wotu.accounts import audit
from wotu.accounts.settings_services import change_settings, version_of
from wotu.core.errors import WotuError
from wotu.core.settings import Settings, read_settings

pytestmark = pytest.mark.django_db


def _change(folder: Path, typed: dict[str, Any], *, confirmed: bool = True, version: str | None = None) -> Settings:
    version = version_of(read_settings(folder / "wotu.toml")) if version is None else version
    return change_settings(folder, typed, version=version, confirmed=confirmed, by="system", address="192.0.2.1")


def test_a_change_is_written_and_told(folder: Path) -> None:
    changed = _change(folder, {"name": "小店", "session_gap": "45m", "allowed_hosts": ("wotu.example.com",)})

    assert changed == read_settings(folder / "wotu.toml")
    assert (changed.name, changed.session_gap, changed.allowed_hosts) == ("小店", "45m", ("wotu.example.com",))
    assert stat.S_IMODE((folder / "wotu.toml").stat().st_mode) == 0o600
    (entry,) = audit.entries().rows
    assert (entry.action, entry.address) == ("change_settings", "192.0.2.1")
    assert entry.detail == {
        "name": ["Wotu", "小店"], "session_gap": ["30m", "45m"], "allowed_hosts": [[], ["wotu.example.com"]],
    }  # fmt: skip


def test_no_difference_is_no_change(folder: Path) -> None:
    _change(folder, {"name": "Wotu"})
    assert not (folder / "wotu.toml").exists()
    assert audit.entries().rows == ()


@pytest.mark.parametrize(
    "typed", [{"timezone": "UTC"}, {"currency": "USD"}, {"week_start": "sunday"}, {"keep_messages_days": 30}]
)
def test_what_recomputes_or_deletes_needs_a_confirmation(folder: Path, typed: dict[str, Any]) -> None:
    with pytest.raises(WotuError) as refused:
        _change(folder, typed, confirmed=False)
    assert refused.value.field == next(iter(typed))
    assert not (folder / "wotu.toml").exists()
    assert audit.entries().rows == ()
    assert _change(folder, typed) != Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("currency", "yuan"),
        ("week_start", "someday"),
        ("questions_until", "later"),
        ("name", " "),
        ("session_gap", "soon"),
        ("most_identifiers", 0),
        ("reserve_mb", -1),
        ("keep_messages_days", -1),
        ("database_url", "postgresql://x/y"),
        ("unheard_of", 1),
    ],
)
def test_a_wrong_value_changes_nothing_and_is_named(folder: Path, name: str, value: Any) -> None:
    with pytest.raises(WotuError) as refused:
        _change(folder, {"name": "Good", name: value})
    assert refused.value.field == name
    assert not (folder / "wotu.toml").exists()
    assert audit.entries().rows == ()


def test_what_somebody_else_changed_meanwhile_stays(folder: Path) -> None:
    seen = version_of(Settings())
    _change(folder, {"name": "Theirs"})
    with pytest.raises(WotuError) as refused:
        _change(folder, {"name": "Mine"}, version=seen)
    assert refused.value.field == "version"
    assert read_settings(folder / "wotu.toml").name == "Theirs"
