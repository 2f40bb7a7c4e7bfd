"""Writes that carry an Idempotency-Key: carried out once, answered the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.utils import timezone
from tests import forked
from tests.api.conftest import Api, refused
from tests.api.cut_off import count_keys, make_key, post

from wotu.accounts.models import AuditEntry, Key
from wotu.accounts.reads import known_keys
from wotu.api import idempotency
from wotu.api.models import IdempotentAnswer
from wotu.api.requests_at_work import at_work

VIEWED = {"event": "Product Viewed", "userId": "cai", "timestamp": "2026-01-06"}


def _events(space: Any) -> int:
    return int(sum(point["value"] for point in _points(space)))


def _points(space: Any) -> list[dict[str, Any]]:
    answer = space.events("Product Viewed", measure="count", unit="month").to_dict()
    return list(answer["series"][0]["points"])


def test_a_repeated_write_is_answered_the_same_and_done_once(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    first = api("POST", "messages", [VIEWED], idempotency_key="a")
    again = api("POST", "messages", [VIEWED], idempotency_key="a")
    assert first.json() == again.json() == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert _events(space) == 2
    assert api.post("messages", [VIEWED], idempotency_key="b")["accepted"] == 1
    assert _events(space) == 3


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "messages", [{**VIEWED, "userId": "dai"}]),
        ("POST", "messages?source=other", [VIEWED]),
        ("PUT", "facts/products", [{"product_id": "p1"}]),
    ],
)
def test_a_key_is_for_one_request(
    space: Any, as_role: Callable[..., Api], method: str, address: str, body: Any
) -> None:
    api = as_role()
    api.post("messages", [VIEWED], idempotency_key="a")
    refused(api(method, address, body, idempotency_key="a"), 422, "reused_idempotency_key", "Idempotency-Key")
    assert (_events(space), space.facts("products").num_rows) == (2, 0)


def test_keys_of_two_callers_do_not_meet(space: Any, as_role: Callable[..., Api]) -> None:
    for api in (as_role(), as_role()):
        assert api.post("messages", [VIEWED], idempotency_key="a")["accepted"] == 1
    assert _events(space) == 3


def test_a_refusal_is_not_kept(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    refused(api("PUT", "facts/costs", [{"date": "x"}], idempotency_key="a"), 422, "invalid_message", "rows[0].date")
    assert IdempotentAnswer.objects.count() == 0
    good = [{"date": "2026-01-05", "channel": "douyin", "spend": "12"}]
    assert api("PUT", "facts/costs", good, idempotency_key="a").json()["accepted"] == 1


def test_after_a_day_a_key_is_new_again_and_old_answers_go(
    space: Any, as_role: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = as_role()
    api.post("messages", [VIEWED], idempotency_key="a")
    api.post("messages", [VIEWED], idempotency_key="b")
    IdempotentAnswer.objects.update(at=timezone.now() - timedelta(hours=24))
    monkeypatch.setattr(idempotency, "_purged", [float("-inf")])
    assert "Idempotent-Replayed" not in api("POST", "messages", [VIEWED], idempotency_key="a")
    assert IdempotentAnswer.objects.count() == 1


def test_a_key_that_is_none_is_refused(space: Any, as_role: Callable[..., Api]) -> None:
    for key in ("", "a b", "x" * 256):
        refused(
            as_role()("POST", "messages", [VIEWED], idempotency_key=key), 422, "invalid_argument", "Idempotency-Key"
        )
    assert _events(space) == 1


def test_the_text_of_a_new_key_is_never_stored(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    made = api.post("keys", {"kind": "write"}, status=201, idempotency_key="a")
    again = api.post("keys", {"kind": "write"}, status=201, idempotency_key="a")
    assert made["key"].startswith("wk_")
    assert again == {"id": made["id"], "key": None}
    assert Key.objects.filter(kind="write").count() == 1
    assert made["key"] not in str(list(IdempotentAnswer.objects.values()))
    assert "sha" not in str(IdempotentAnswer.objects.get().body)


def test_a_keyed_merge_of_one_customer_is_answered(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role()
    both = {"a": "ann", "b": "bob"}
    merged = api.post("customers/merge", both)
    refused(api("POST", "customers/merge", both), 422, "invalid_argument", "b")
    assert api.post("customers/merge", both, idempotency_key="a") == merged


def test_a_request_at_work_is_told_apart(space: Any, as_role: Callable[..., Api], tmp_path: Path) -> None:
    api = as_role()
    (key,) = [each for each in known_keys() if each.kind == "api"]
    name = idempotency.hashlib.sha256(f"{key.id} a".encode()).hexdigest()
    lock = Path(space.path) / "cache" / "idempotency" / f"{name}.lock"
    with at_work(lock) as first:
        assert first
        response = api("POST", "messages", [VIEWED], idempotency_key="a")
        refused(response, 409, "in_progress")
        assert response["Retry-After"] == "1"
        assert _events(space) == 1
    assert not lock.exists()
    assert api.post("messages", [VIEWED], idempotency_key="a")["accepted"] == 1


def test_many_at_once_hold_a_lock_one_at_a_time(tmp_path: Path) -> None:
    inside, most, entered = [0], [0], [0]
    guard = threading.Lock()

    def enter() -> None:
        for _ in range(200):
            with at_work(tmp_path / "a.lock") as first:
                if not first:
                    continue
                with guard:
                    inside[0] += 1
                    most[0], entered[0] = max(most[0], inside[0]), entered[0] + 1
                with guard:
                    inside[0] -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert entered[0] >= 1
    with at_work(tmp_path / "a.lock") as first:
        assert first


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_makes_the_key(
    make_workspace: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.api.conftest import _use

    from wotu.accounts.key_services import create_key

    _use(make_workspace(), monkeypatch, settings)
    api = Api(create_key(kind="api", role="owner").text)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        while True:
            response = api("POST", "keys", {"kind": "write", "name": "shop"}, idempotency_key="a")
            if response.status_code != 409:
                answers.append((response.status_code, response.json()["id"]))
                break
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert Key.objects.filter(kind="write").count() == 1
    assert AuditEntry.objects.filter(action="create_key", detail__kind="write").count() == 1


# ---- a crash between effect and answer


@pytest.mark.crash
@pytest.mark.parametrize(
    ("address", "body"),
    [("messages", [VIEWED, {**VIEWED, "messageId": "m"}]), ("keys", {"kind": "write"}),
     ("customers/merge", {"a": "ann", "b": "bob"})],
)  # fmt: skip
def test_a_write_cut_off_before_its_answer_is_repeated_in_vain(
    make_prepared: Callable[..., Any], address: str, body: Any
) -> None:
    space = make_prepared(questions_until="data")
    space.collect([{**VIEWED, "userId": who, "messageId": who} for who in ("ann", "bob")])
    key = forked.told(make_key, space.path).strip()
    forked.killed("api-effect", post, space.path, key, address, body)
    status, _, answer = forked.told(post, space.path, key, address, body).partition(" ")
    told = msgspec.json.decode(answer)

    if address == "messages":
        assert (status, told) == ("200", {"accepted": 0, "duplicates": 2, "quarantined": 0})
        assert _events(space) == 4
    elif address == "keys":
        # The key of the first request went with its transaction.
        assert status == "201"
        assert told["key"].startswith("wk_")
        assert forked.told(count_keys, space.path, "write") == "1\n"
    else:
        assert (status, told["customer"]) == ("200", space.customer("ann").customer_id)
        assert space.customers().total == 1
