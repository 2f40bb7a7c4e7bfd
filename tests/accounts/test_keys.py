"""Keys: shown once, known by their hash, replaced with an overlap, revoked at once."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from wotu.accounts import audit, reads, services
from wotu.accounts.key_services import create_key, revoke_key, rotate_key, use_api_key
from wotu.accounts.models import Key, User
from wotu.accounts.snapshot import write_keys
from wotu.core.errors import WotuError

pytestmark = pytest.mark.django_db(transaction=True)
Snapshot = Callable[[], list[dict[str, Any]]]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_new_key_is_in_the_snapshot_by_its_hash_alone(folder: Path, snapshot: Snapshot) -> None:
    made = create_key(kind="write", name="shop-web", namespace="cn", messages_per_second=50)

    assert made.text.startswith("wk_")
    assert len(made.text) == 35
    assert snapshot() == [
        {
            "id": made.id, "sha256": _digest(made.text), "kind": "write", "source": "shop-web", "namespace": "cn",
            "messages_per_second": 50, "expires": None,
        }
    ]  # fmt: skip
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    everything = repr(list(Key.objects.values())) + repr(audit.entries().rows) + (folder / "keys.json").read_text()
    assert made.text not in everything
    assert made.text[3:] not in everything


def test_an_api_key_calls_with_its_role(folder: Path) -> None:
    services.add_user("ann")
    made = create_key(kind="api", name="report", role="viewer", by=User.objects.get())

    caller = use_api_key(made.text)

    assert caller is not None
    assert (caller.id, caller.name, caller.role) == (made.id, "report", "viewer")
    (known,) = reads.known_keys()
    assert (known.created_by, known.role, known.namespace, known.state) == ("ann", "viewer", "", "active")
    first = known.last_used_at
    assert first is not None
    assert use_api_key(made.text) == caller
    assert reads.known_keys()[0].last_used_at == first


@pytest.mark.parametrize("text", ["", "ak_short", "wk_" + "x" * 32, "ak_" + "x" * 32, "k1", "ak_" + "é" * 32])
def test_what_is_no_api_key_calls_nothing(folder: Path, text: str) -> None:
    create_key(kind="api")
    assert use_api_key(text) is None


def test_a_write_key_calls_no_api(folder: Path) -> None:
    assert use_api_key(create_key(kind="write").text) is None


def test_a_replaced_key_works_until_the_overlap_ends(folder: Path, snapshot: Snapshot) -> None:
    old = create_key(kind="api", role="marketer")
    new = rotate_key(old.id)

    assert [use_api_key(each.text) is not None for each in (old, new)] == [True, True]
    first, second = snapshot()
    assert first["expires"] - timezone.now().timestamp() == pytest.approx(86_400, abs=5)
    assert (second["id"], second["expires"]) == (new.id, None)
    assert [(key.id, key.state, key.role, key.rotated_from) for key in reads.known_keys()] == [
        (new.id, "active", "marketer", old.id),
        (old.id, "ending", "marketer", None),
    ]

    Key.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))
    write_keys(folder)
    assert use_api_key(old.text) is None
    assert [key["id"] for key in snapshot()] == [new.id]
    assert [key.state for key in reads.known_keys()] == ["active", "expired"]


def test_without_an_overlap_the_old_key_ends_at_once(folder: Path, snapshot: Snapshot) -> None:
    old = create_key(kind="write")
    new = rotate_key(old.id, overlap=timedelta(0))
    assert [key["id"] for key in snapshot()] == [new.id]


def test_a_revoked_key_is_gone(folder: Path, snapshot: Snapshot) -> None:
    kept, ended = create_key(kind="write"), create_key(kind="api")
    revoke_key(ended.id)
    assert use_api_key(ended.text) is None
    assert [key["id"] for key in snapshot()] == [kept.id]
    assert [entry.action for entry in audit.entries().rows] == ["revoke_key", "create_key", "create_key"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"kind": "master"}, "kind"),
        ({"kind": "write", "name": "\n"}, "name"),
        ({"kind": "write", "name": "x" * 65}, "name"),
        ({"kind": "write", "name": "<b>"}, "name"),
        ({"kind": "write", "namespace": ""}, "namespace"),
        ({"kind": "write", "messages_per_second": 0}, "messages_per_second"),
        ({"kind": "write", "messages_per_second": -1}, "messages_per_second"),
        ({"kind": "api", "messages_per_second": 5}, "messages_per_second"),
        ({"kind": "api", "role": "king"}, "role"),
    ],
)
def test_a_wrong_argument_makes_no_key(folder: Path, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as refused:
        create_key(**arguments)
    assert refused.value.field == field
    assert Key.objects.count() == 0
    assert audit.entries().rows == ()
    assert not (folder / "keys.json").exists()


@pytest.mark.parametrize("change", [rotate_key, revoke_key])
@pytest.mark.parametrize("key_id", ["k999999999", "7", "k0", "k-1", "", "k1'"])
def test_an_unknown_key_changes_nothing(folder: Path, change: Callable[[str], Any], key_id: str) -> None:
    create_key(kind="write")
    before = list(Key.objects.values())
    with pytest.raises(WotuError) as refused:
        change(key_id)
    assert refused.value.field == "id"
    assert list(Key.objects.values()) == before
    assert len(audit.entries().rows) == 1


def test_a_key_that_ended_is_neither_replaced_nor_revoked_again(folder: Path) -> None:
    replaced, revoked = create_key(kind="write"), create_key(kind="write")
    newer = rotate_key(replaced.id)
    revoke_key(revoked.id)
    before = list(Key.objects.order_by("pk").values())
    with pytest.raises(WotuError, match=f"{replaced.id} was replaced by {newer.id}"):
        rotate_key(replaced.id)
    for change in (rotate_key, revoke_key):
        with pytest.raises(WotuError, match="does not work any more"):
            change(revoked.id)
    assert list(Key.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=91)])
def test_an_overlap_has_bounds(folder: Path, overlap: timedelta) -> None:
    made = create_key(kind="write")
    with pytest.raises(WotuError) as refused:
        rotate_key(made.id, overlap=overlap)
    assert refused.value.field == "overlap"
    assert Key.objects.count() == 1


def test_of_parallel_rotations_one_replaces_the_key(folder: Path, snapshot: Snapshot) -> None:
    made = create_key(kind="write")

    def rotate(_number: int) -> bool:
        try:
            rotate_key(made.id)
        except WotuError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(rotate, range(8))) == 1
    assert Key.objects.count() == 2
    assert len(snapshot()) == 2


def test_the_snapshot_of_parallel_changes_is_the_last_one(folder: Path, snapshot: Snapshot) -> None:
    def make(number: int) -> str:
        try:
            return create_key(kind="write", name=f"source-{number}").id
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(make, range(12)))
    assert {key["id"] for key in snapshot()} == made


def test_a_change_that_is_taken_back_is_in_no_snapshot(folder: Path) -> None:
    with transaction.atomic():
        create_key(kind="write")
        transaction.set_rollback(True)
    assert Key.objects.count() == 0
    assert not (folder / "keys.json").exists()


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "write", "namespace": "default", "role": "owner"},
        {"kind": "write", "namespace": ""},
        {"kind": "api", "role": ""},
        {"kind": "api", "role": "king"},
        {"kind": "write", "namespace": "default", "messages_per_second": 0},
    ],
)
def test_the_database_refuses_a_key_that_is_none(folder: Path, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        Key.objects.create(name="x", sha256="0" * 64, created_at=timezone.now(), **values)
