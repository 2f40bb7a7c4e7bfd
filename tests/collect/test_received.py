"""What the settler makes of a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.collect.batch import Batch
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.frames import MAGIC, Origin, Protocol, pack
from wotu.collect.received import read_log
from wotu.core.periods import to_micros

RECEIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORIGIN = Origin("web", "shop", "k1")
TRACK = {"type": "track", "userId": "u", "event": "A", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z"}


def read(folder: Path, *bodies: Any, protocol: Protocol = Protocol.SEGMENT, origin: Origin = ORIGIN) -> Batch:
    log = MAGIC
    for body in bodies:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        log += pack(to_micros(RECEIVED), protocol, origin, text)
    path = folder / "00000000000000000001-7.log"
    path.write_bytes(log)
    return read_log(path, currency="CNY")


def rows(batch: Batch) -> list[dict[str, Any]]:
    """What each message says; the text of its properties is as it was sent, so only what it means is compared."""
    found = [{name: value for name, value in row.items() if value is not None} for row in batch.table.to_pylist()]
    for row, decoded in zip(found, batch.decoded or [None] * len(found), strict=True):
        if "properties" in row:
            assert decoded is None or decoded == json.loads(row["properties"])
            row["properties"] = json.dumps(json.loads(row["properties"], parse_float=Decimal), default=str)
    return found


def problems(batch: Batch) -> list[tuple[int | None, str | None, str]]:
    return [(problem.line, problem.field, problem.reason) for problem in batch.problems]


def test_a_batch_is_read(tmp_path: Path) -> None:
    batch = read(tmp_path, {"batch": [TRACK, TRACK | {"messageId": "m2", "properties": {"n": 1.50}}]})
    assert batch.problems == []
    assert batch.rows == 2
    common = {
        "type": "track",
        "event": "A",
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "received": RECEIVED,
        "source": "web",
        "namespace": "shop",
        "user_id": "u",
    }
    assert rows(batch) == [common | {"message_id": "m"}, common | {"message_id": "m2", "properties": '{"n": "1.5"}'}]


def test_every_frame_keeps_its_own_origin_and_time(tmp_path: Path) -> None:
    path = tmp_path / "1-1.log"
    body = json.dumps({"batch": [TRACK]}).encode()
    path.write_bytes(
        MAGIC
        + pack(to_micros(RECEIVED), Protocol.SEGMENT, Origin("a", "x"), body)
        + pack(to_micros(RECEIVED) + 1, Protocol.SEGMENT, Origin("b", "y", "", "track"), json.dumps(TRACK).encode())
    )
    found = rows(read_log(path, currency="CNY"))
    assert [(row["source"], row["namespace"], row["received"]) for row in found] == [
        ("a", "x", RECEIVED),
        ("b", "y", RECEIVED + timedelta(microseconds=1)),
    ]


def test_a_message_without_id_gets_the_same_id_whenever_it_is_read(tmp_path: Path) -> None:
    message = {"type": "track", "event": "A"}
    first = rows(read(tmp_path, {"batch": [message, message]}, {"batch": [message]}))
    path = tmp_path / "00000000000000000001-7.log"
    claimed = path.rename(tmp_path / f"00000003.{path.name}")
    again = rows(read_log(claimed, currency="CNY"))
    ids = [row["message_id"] for row in first]
    assert ids == [row["message_id"] for row in again]
    assert len(set(ids)) == 3
    assert [row["anonymous_id"] for row in first] == [f"message:{name}" for name in ids]


@pytest.mark.parametrize(
    ("sent_at", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:00:00Z"),  # the clocks agree
        ("2026-01-02T03:04:01Z", "2026-01-02T03:00:00Z"),  # the way a message takes
        ("2026-01-02T04:04:05Z", "2026-01-02T02:00:00Z"),  # an hour ahead
        ("1970-01-02T03:04:05+00:00", None),  # decades behind: the event would lie in the future
        (None, "2026-01-02T03:00:00Z"),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_the_clock_of_the_sender_is_corrected(
    tmp_path: Path, sent_at: str | None, expected: str | None, own: bool
) -> None:
    message = TRACK | {"timestamp": "2026-01-02T03:00:00Z"} | ({"sentAt": sent_at} if own else {})
    batch = read(tmp_path, {"batch": [message]} | ({} if own else {"sentAt": sent_at}))
    if expected is None:
        assert problems(batch) == [(1, "timestamp", "is more than 24 hours ahead of the time received")]
    else:
        assert rows(batch)[0]["time"] == datetime.fromisoformat(expected)


def test_a_device_that_lives_in_1970_is_put_right(tmp_path: Path) -> None:
    message = TRACK | {"timestamp": "1970-01-01T00:05:00Z"}
    batch = read(tmp_path, {"batch": [message], "sentAt": "1970-01-01T00:06:00Z"})
    assert rows(batch)[0]["time"] == RECEIVED - timedelta(minutes=1)


def test_a_message_without_time_is_of_when_it_was_received(tmp_path: Path) -> None:
    message = {name: value for name, value in TRACK.items() if name != "timestamp"}
    assert rows(read(tmp_path, {"batch": [message], "sentAt": "2025-01-01T00:00:00Z"}))[0]["time"] == RECEIVED


def test_bad_messages_of_a_batch_become_problems_with_their_place(tmp_path: Path) -> None:
    batch = read(
        tmp_path,
        {"batch": [TRACK, {"type": "trick"}, TRACK | {"messageId": "n"}]},
        {"batch": [5, TRACK | {"timestamp": "1989-01-01T00:00:00Z"}]},
    )
    assert len(batch.table) == 2
    assert batch.rows == 5
    assert [problem[:2] for problem in problems(batch)] == [(2, "type"), (4, "message"), (5, "timestamp")]
    assert {(problem.file, problem.source) for problem in batch.problems} == {("00000000000000000001-7.log", "web")}
    assert {problem.received for problem in batch.problems} == {to_micros(RECEIVED)}


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":' + b"9" * 400 + b"}",
        b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
        b"[]",
        b'"x"',
    ],
)
def test_what_cannot_be_kept_is_named(tmp_path: Path, text: bytes) -> None:
    start = json.dumps(TRACK).encode()[:-1]
    batch = read(tmp_path, b'{"batch":[' + start + b',"properties":' + text + b"}]}")
    assert len(batch.table) == 0
    ((line, field, _),) = problems(batch)
    assert line == 1
    assert field in ("properties.a", "properties")


def test_a_number_that_json_does_not_know_costs_its_own_message_alone(tmp_path: Path) -> None:
    batch = read(tmp_path, {"batch": [TRACK | {"properties": {"a": float("nan")}}, TRACK | {"messageId": "m2"}]})
    assert [row["message_id"] for row in rows(batch)] == ["m2"]
    assert problems(batch) == [(1, "properties.a", "is not a finite number")]


def test_many_keys_and_repeated_keys_are_read(tmp_path: Path) -> None:
    many = {f"key{number}": number for number in range(10_000)}
    twice = json.dumps(TRACK).encode()[:-1] + b',"properties":{"a":1,"a":2}}'
    batch = read(tmp_path, {"batch": [TRACK | {"properties": many}]}, b'{"batch":[' + twice + b"]}")
    assert [json.loads(row["properties"]) for row in rows(batch)] == [many, {"a": 2}]


def test_a_message_larger_than_was_allowed_goes_to_quarantine(tmp_path: Path) -> None:
    origin = Origin("web", "shop", "k1", "", 300)
    batch = read(tmp_path, {"batch": [TRACK, TRACK | {"properties": {"a": "x" * 300}}]}, origin=origin)
    assert len(batch.table) == 1
    assert problems(batch) == [(2, "message", "is larger than 300 bytes")]


def test_what_a_batch_says_for_all_is_said_of_each(tmp_path: Path) -> None:
    shared = {"campaign": {"source": "mail"}, "locale": "zh-CN"}
    own = TRACK | {"context": {"locale": "en"}}
    found = rows(read(tmp_path, {"batch": [TRACK, own], "context": shared}))
    assert [json.loads(row["properties"]) for row in found] == [
        {"utm_source": "mail", "locale": "zh-CN"},
        {"utm_source": "mail", "locale": "en"},
    ]


def test_a_damaged_frame_is_told(tmp_path: Path) -> None:
    path = tmp_path / "1-1.log"
    good = pack(to_micros(RECEIVED), Protocol.SEGMENT, ORIGIN, json.dumps({"batch": [TRACK]}).encode())
    path.write_bytes(MAGIC + good[:-1] + b"?" + good)
    batch = read_log(path, currency="CNY")
    assert len(batch.table) == 1
    assert problems(batch) == [(1, "frame", f"is damaged at byte {len(MAGIC)} of the log")]


# ---- the fast way makes what the careful one makes

_texts = st.text(max_size=8) | st.sampled_from(["u1", " u ", "", "x" * 513, "\0", "中文", "a\u2028b"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_times = st.datetimes(datetime(1989, 12, 1), datetime(2026, 2, 1)).map(lambda moment: moment.isoformat())
_stamps = (
    st.builds(str.__add__, _times, st.sampled_from(["Z", "", "+08:00", "-14:00", "+15:00", "z", "+00:00:30"]))
    | st.sampled_from(["2026-01-01 00:00:00Z", "2026-01-01", "2026-02-30T00:00:00Z", "2026-W01-1T00:00:00Z"])
    | _values
)
_contexts = st.fixed_dictionaries(
    {},
    optional={
        "traits": _values,
        "campaign": st.dictionaries(st.sampled_from(["source", "name", "x"]), _values, max_size=2) | _values,
        "page": st.dictionaries(st.sampled_from(["path", "url", "referrer"]), _values, max_size=2) | _values,
        "device": st.fixed_dictionaries({}, optional={"id": _values, "model": _texts}) | _values,
        "library": _values,
        "locale": _values,
    },
)
_messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "track", "track", "page", "identify", "alias", "group"]) | _values},
    optional={
        "event": st.sampled_from(["A", "Order Completed"]) | _values,
        "name": _values,
        "messageId": _values,
        "message_id": _values,
        "userId": _values,
        "user_id": _values,
        "anonymousId": _values,
        "previousId": _values,
        "groupId": _values,
        "timestamp": _stamps,
        "originalTimestamp": _stamps,
        "sentAt": _stamps,
        "traits": _values,
        "properties": st.dictionaries(
            st.sampled_from(["a", "b", "revenue", "currency", "products", "url", "utm_source"]), _values, max_size=4
        )
        | _values,
        "context": _contexts | _values,
    },
)


@given(
    st.lists(_messages | _values, max_size=3),
    st.none() | st.sampled_from(["2026-01-02T03:04:05Z", "2026-01-02T05:04:05Z"]),
)
def test_the_fast_way_and_the_careful_way_agree(
    tmp_path_factory: pytest.TempPathFactory, messages: list[Any], sent_at: str | None
) -> None:
    folder = tmp_path_factory.mktemp("log")
    body = {"batch": messages, "sentAt": sent_at}
    fast = read(folder, body)
    # A limit on messages makes every one of them go the careful way.
    careful = read(folder, body, origin=Origin("web", "shop", "k1", "", 1_000_000))
    place = "00000000000000000001-7:8:"
    assert [_without(row, place) for row in rows(fast)] == [_without(row, place) for row in rows(careful)]
    assert problems(fast) == problems(careful)
    assert fast.rows == careful.rows == len(messages)


def _without(row: dict[str, Any], place: str) -> dict[str, Any]:
    return {name: value.replace(place, "") if isinstance(value, str) else value for name, value in row.items()}


@given(st.lists(_messages, max_size=3))
def test_a_log_and_a_call_agree_on_messages_with_ids(
    tmp_path_factory: pytest.TempPathFactory, messages: list[dict[str, Any]]
) -> None:
    plain = [
        {name: value for name, value in message.items() if name != "sentAt"} | {"messageId": f"m{number}"}
        for number, message in enumerate(messages)
    ]
    parsed = [json.loads(json.dumps(message)) for message in plain]
    log = read(tmp_path_factory.mktemp("log"), {"batch": plain})
    call = messages_from_dicts(parsed, source="web", namespace="shop", currency="CNY", received=RECEIVED)
    assert [problem.field for problem in log.problems] == [problem.field for problem in call.problems]
    assert [row["message_id"] for row in rows(log)] == [row["message_id"] for row in rows(call)]
    assert [row.get("properties") for row in rows(log)] == [row.get("properties") for row in rows(call)]
