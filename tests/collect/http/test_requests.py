"""What the collector takes and what it refuses, request by request."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.collect.http.driving import KEY, Answer, Driven, drive, kept, make_layout, rows, write_keys

from wotu.collect.http import bodies
from wotu.collect.http.following import CHECK_SECONDS
from wotu.collect.http.room import MOST_WAITING

TRACK = {"type": "track", "event": "A", "userId": "u", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z"}
BODY = json.dumps(TRACK).encode()
BATCH = json.dumps({"batch": [TRACK, TRACK | {"messageId": "m2"}]}).encode()


def ask(root: Path, *requests: tuple[str, Any, dict[str, Any]], **settings_: Any) -> list[Answer]:
    """The answers to requests (path, body, how) of one collector, in order."""
    answers: list[Answer] = []

    async def test(driven: Driven) -> None:
        for path, body, how in requests:
            answer = await driven.request(path, body, **how)
            assert answer is not None
            answers.append(answer)

    drive(make_layout(root, **settings_), test)
    return answers


@pytest.mark.parametrize("kind", ["track", "identify", "page", "screen", "group", "alias"])
def test_every_type_has_its_address(tmp_path: Path, kind: str) -> None:
    fields = {"event": "A", "name": "N", "userId": "u", "previousId": "p", "groupId": "g", "messageId": "m"}
    (answer,) = ask(tmp_path, (f"/v1/{kind}", json.dumps(fields).encode(), {}))
    assert (answer.status, answer.body) == (200, {"success": True, "status": 1})
    (row,) = rows(kept(tmp_path))
    assert (row["type"], row["source"], row["namespace"], row["message_id"]) == (kind, "shop-web", "default", "m")


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/batch/"])
def test_a_batch_is_kept_whole(tmp_path: Path, path: str) -> None:
    (answer,) = ask(tmp_path, (path, BATCH, {}))
    assert answer.status == 200
    assert [row["message_id"] for row in rows(kept(tmp_path))] == ["m", "m2"]


def test_an_empty_batch_is_fine_and_leaves_nothing(tmp_path: Path) -> None:
    (answer,) = ask(tmp_path, ("/v1/batch", b'{"batch":[]}', {}))
    assert answer.status == 200
    assert list((tmp_path / "inbox" / "incoming").iterdir()) == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_body_is_unpacked(tmp_path: Path, encoding: str) -> None:
    packed = gzip.compress(BATCH) if encoding == "gzip" else zlib.compress(BATCH)
    (answer,) = ask(tmp_path, ("/v1/batch", packed, {"headers": {"content-encoding": encoding}}))
    assert answer.status == 200
    assert len(rows(kept(tmp_path))) == 2


def test_a_body_in_several_packed_members_is_one_body(tmp_path: Path) -> None:
    packed = gzip.compress(BATCH[:50]) + gzip.compress(BATCH[50:])
    (answer,) = ask(tmp_path, ("/v1/batch", packed, {"headers": {"content-encoding": "gzip"}}))
    assert answer.status == 200
    assert len(rows(kept(tmp_path))) == 2


def test_a_beacon_carries_its_key_inside(tmp_path: Path) -> None:
    single = json.dumps(TRACK | {"writeKey": KEY}).encode()
    batch = json.dumps({"batch": [TRACK], "writeKey": KEY}).encode()
    how = {"key": False, "headers": {"content-type": "text/plain"}}
    answers = ask(tmp_path, ("/v1/track", single, how), ("/v1/batch", batch, how))
    assert [answer.status for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("path", "body", "how", "status", "code", "field"),
    [
        ("/v1/track", BODY, {"key": False}, 401, "unauthorized", "authorization"),
        ("/v1/track", BODY, {"headers": {"authorization": "Basic ?"}}, 401, "unauthorized", "authorization"),
        ("/v1/track", BODY, {"headers": {"authorization": "Basic d2tfeDo="}}, 401, "unauthorized", "authorization"),
        ("/v1/track", BODY, {"headers": {"authorization": "Digest x"}}, 401, "unauthorized", "authorization"),
        ("/v1/nothing", BODY, {}, 404, "not_found", "path"),
        ("/v1/track", BODY, {"method": "GET"}, 405, "method_not_allowed", "method"),
        ("/v1/track", BODY, {"headers": {"content-encoding": "br"}}, 415, "unsupported_encoding", "Content-Encoding"),
        ("/v1/track", b"", {}, 400, "invalid_message", "message"),
        ("/v1/track", b"{", {}, 400, "invalid_message", "message"),
        ("/v1/track", b"[]", {}, 400, "invalid_message", "message"),
        ("/v1/track", b"\xff", {}, 400, "invalid_message", "message"),
        ("/v1/track", b"[" * 5000, {}, 400, "invalid_message", "message"),
        ("/v1/track", b"{}", {}, 400, "invalid_message", "event"),
        ("/v1/track", b'{"event":"A","type":"page"}', {}, 400, "invalid_message", "type"),
        ("/v1/track", b'{"event":"A","timestamp":"soon"}', {}, 400, "invalid_message", "timestamp"),
        ("/v1/track", b'{"event":"A","properties":{"revenue":"x"}}', {}, 400, "invalid_message", "properties.revenue"),
        ("/v1/track", b'{"event":"A","properties":{"a":NaN}}', {}, 400, "invalid_message", "properties.a"),
        ("/v1/track", b'{"event":"A","userId":"\\ud800"}', {}, 400, "invalid_message", "userId"),
        ("/v1/alias", b'{"userId":"A"}', {}, 400, "invalid_message", "previousId"),
        ("/v1/batch", b"{}", {}, 400, "invalid_message", "batch"),
        ("/v1/batch", b'{"batch":{}}', {}, 400, "invalid_message", "batch"),
        ("/v1/batch", b'{"batch":[{]}', {}, 400, "invalid_message", "body"),
        ("/v1/batch", b"\x1f\x8bno", {}, 400, "invalid_message", "body"),
        ("/v1/batch", gzip.compress(BATCH)[:-9], {}, 400, "invalid_message", "body"),
        ("/v1/batch", b"x" * 512_001, {}, 413, "too_large", "body"),
        ("/v1/batch", [b"x" * 300_000] * 2, {}, 413, "too_large", "body"),
        ("/v1/track", b"x" * 32_769, {}, 413, "too_large", "body"),
        ("/v1/batch", gzip.compress(b" " * 200_000_000, 1), {}, 413, "too_large", "body"),
        ("/sa", b"data=%21", {}, 400, "invalid_message", "data"),
        ("/sa", b"nothing=1", {}, 400, "invalid_message", "data"),
        ("/sa", b"no form", {}, 400, "invalid_message", "body"),
        ("/capture/", b'{"event":"A"}', {}, 400, "invalid_message", "distinct_id"),
    ],
)
def test_a_refusal_says_why_and_keeps_nothing(
    tmp_path: Path, path: str, body: Any, how: dict[str, Any], status: int, code: str, field: str
) -> None:
    (answer,) = ask(tmp_path, (path, body, how))
    assert (answer.status, answer.code, answer.field) == (status, code, field)
    assert set(answer.body["error"]) == {"code", "message", "field"}
    assert list((tmp_path / "inbox" / "incoming").iterdir()) == []


def test_an_address_that_wants_another_method_says_which(tmp_path: Path) -> None:
    (answer,) = ask(tmp_path, ("/v1/batch", b"", {"method": "PUT"}))
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_limits_are_settings(tmp_path: Path) -> None:
    large = json.dumps(TRACK | {"properties": {"a": "x" * 40_000}}).encode()
    (answer,) = ask(tmp_path, ("/v1/track", large, {}), largest_message_bytes=50_000)
    assert answer.status == 200


def test_a_large_message_of_a_batch_goes_to_quarantine(tmp_path: Path) -> None:
    large = TRACK | {"properties": {"a": "x" * 40_000}}
    (answer,) = ask(tmp_path, ("/v1/batch", json.dumps({"batch": [large, TRACK]}).encode(), {}))
    assert answer.status == 200
    found = kept(tmp_path)
    assert len(found.table) == 1
    assert [(p.line, p.field, p.reason) for p in found.problems] == [(1, "message", "is larger than 32,768 bytes")]


def test_pages_of_any_origin_may_send(tmp_path: Path) -> None:
    page = {"origin": "https://shop.example"}
    ready, sent = ask(
        tmp_path,
        ("/v1/track", b"", {"method": "OPTIONS", "headers": page, "key": False}),
        ("/v1/track", BODY, {"headers": page}),
    )
    assert ready.status == 204
    assert ready.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "authorization" in ready.headers["access-control-allow-headers"]
    for answer in (ready, sent):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["vary"] == "Origin"


def test_a_key_has_a_rate(tmp_path: Path) -> None:
    layout = make_layout(tmp_path)
    write_keys(tmp_path, {"text": KEY, "messages_per_second": 1}, {"text": "wk_other"})

    async def test(driven: Driven) -> None:
        first = await driven.request("/v1/batch", BATCH)
        second = await driven.request("/v1/batch", BATCH)
        other = await driven.request("/v1/batch", BATCH, headers={"authorization": "Bearer wk_other"})
        assert first is not None
        assert second is not None
        assert other is not None
        assert [first.status, second.status, other.status] == [200, 429, 200]
        assert second.code == "rate_limited"
        assert second.headers["retry-after"] == "2"

    drive(layout, test)
    assert len(kept(tmp_path).table) == 4


def test_keys_are_followed(tmp_path: Path) -> None:
    layout = make_layout(tmp_path)

    async def test(driven: Driven) -> None:
        async def status() -> int:
            answer = await driven.request("/v1/track", BODY)
            assert answer is not None
            return answer.status

        assert await status() == 200
        write_keys(tmp_path, {"text": "wk_other"})
        await asyncio.sleep(CHECK_SECONDS * 1.2)
        assert await status() == 401
        write_keys(tmp_path)
        await asyncio.sleep(CHECK_SECONDS * 1.2)
        assert await status() == 200
        (tmp_path / "keys.json").write_text("{")
        await asyncio.sleep(CHECK_SECONDS * 1.2)
        assert await status() == 200
        (tmp_path / "keys.json").unlink()
        await asyncio.sleep(CHECK_SECONDS * 1.2)
        assert await status() == 401

    drive(layout, test)


def test_a_replaced_key_ends_with_its_overlap(tmp_path: Path) -> None:
    layout = make_layout(tmp_path)

    async def test(driven: Driven) -> None:
        for expires, status in ((int(time.time()) + 3_600, 200), (int(time.time()) - 1, 401)):
            write_keys(tmp_path, {"text": KEY, "expires": expires})
            await asyncio.sleep(CHECK_SECONDS * 1.2)
            answer = await driven.request("/v1/track", BODY)
            assert answer is not None
            assert answer.status == status

    drive(layout, test)
    assert len(kept(tmp_path).table) == 1


def test_only_write_keys_may_write(tmp_path: Path) -> None:
    layout = make_layout(tmp_path)
    write_keys(tmp_path, {"text": KEY, "kind": "api"})

    async def test(driven: Driven) -> None:
        answer = await driven.request("/v1/track", BODY)
        assert answer is not None
        assert (answer.status, answer.code) == (401, "unauthorized")

    drive(layout, test)


def test_a_disk_with_too_little_room_takes_nothing(tmp_path: Path) -> None:
    refused, health = ask(
        tmp_path,
        ("/v1/track", BODY, {}),
        ("/healthz", b"", {"method": "GET", "key": False}),
        reserve_mb=10**9,
    )
    for answer in (refused, health):
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "disk_full", "30")
    assert list((tmp_path / "inbox" / "incoming").iterdir()) == []


def test_a_disk_that_fills_up_takes_back_nothing_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(driven: Driven) -> None:
        async def status(number: int) -> int:
            answer = await driven.request("/v1/track", json.dumps(TRACK | {"messageId": f"m{number}"}).encode())
            assert answer is not None
            return answer.status

        def full(_descriptor: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        assert await status(1) == 200
        with monkeypatch.context() as patch:
            patch.setattr("wotu.collect.logs.sync_descriptor", full)
            assert await status(2) == 503
        assert await status(3) == 200

    drive(make_layout(tmp_path), test)
    assert [row["message_id"] for row in rows(kept(tmp_path))] == ["m1", "m3"]


def test_a_slow_body_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)

    async def test(driven: Driven) -> None:
        async def never() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        answer = await driven.request("/v1/track", b"", receive=never)
        assert answer is not None
        assert (answer.status, answer.code) == (408, "too_slow")
        after = await driven.request("/v1/track", BODY)
        assert after is not None
        assert after.status == 200

    drive(make_layout(tmp_path), test)


def test_a_client_that_leaves_is_not_answered_and_nothing_is_kept(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        async def gone() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        assert await driven.request("/v1/track", BODY, receive=gone) is None
        # Fewer bytes than were announced: the connection broke.
        assert await driven.request("/v1/track", [BODY], headers={"content-length": "9999"}) is None

    drive(make_layout(tmp_path), test)
    assert list((tmp_path / "inbox" / "incoming").iterdir()) == []


def test_memory_for_requests_under_way_is_bounded(tmp_path: Path) -> None:
    async def test(driven: Driven) -> None:
        release = asyncio.Event()
        size = 5 * 1024 * 1024
        started = 0

        def slow() -> Any:
            state = {"first": True}

            async def receive() -> dict[str, Any]:
                nonlocal started
                if state.pop("first", False):
                    started += 1
                    return {"type": "http.request", "body": b" " * size, "more_body": True}
                await release.wait()
                return {"type": "http.disconnect"}

            return receive

        waiting = [asyncio.create_task(driven.request("/v1/batch", [b""], receive=slow())) for _ in range(10)]
        while started < len(waiting):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        refused = [task.result() for task in waiting if task.done()]
        assert len(refused) == len(waiting) - MOST_WAITING // size
        assert {(answer.status, answer.code) for answer in refused if answer} == {(503, "overloaded")}
        release.set()
        await asyncio.gather(*waiting)
        after = await driven.request("/v1/track", BODY)
        assert after is not None
        assert after.status == 200

    drive(make_layout(tmp_path, largest_batch_bytes=100_000_000), test)


def test_what_happened_is_counted_and_told_without_telling_about_anybody(tmp_path: Path) -> None:
    message = TRACK | {"properties": {"secret": "s3cr3t", "price": 5}, "userId": "somebody@example.com"}

    async def test(driven: Driven) -> None:
        await driven.request("/v1/batch", json.dumps({"batch": [message, message]}).encode())
        await driven.request("/v1/track", b'{"event":5}')
        await driven.request("/v1/track", BODY, key=False)
        counters = driven.collector.intake.counters
        assert counters.requests == {200: 1, 400: 1, 401: 1}
        assert (counters.accepted, counters.syncs) == (2, 1)
        assert counters.rejected == {"invalid_message": 1, "unauthorized": 1}
        assert counters.received_bytes > 200
        assert counters.sync_seconds > 0

    drive(make_layout(tmp_path), test)
    path = tmp_path / "run" / "live.json"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "s3cr3t" not in text
    assert "somebody" not in text
    live = json.loads(text)
    assert (live["accepted"], live["rejected"]) == (2, 2)
    arrival = {
        "source": "shop-web",
        "protocol": "segment",
        "type": "track",
        "event": "A",
        "names": ["secret", "price"],
        "identifiers": ["userId"],
    }
    assert [{k: v for k, v in found.items() if k != "time"} for found in live["arrivals"]] == [arrival] * 2
    assert [(found["source"], found["code"], found["field"]) for found in live["rejections"]] == [
        ("shop-web", "invalid_message", "event"),
        ("", "unauthorized", "authorization"),
    ]
