"""The vendors' own clients, unchanged but for the address, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.collect.http.driving import KEY, kept, make_layout, rows, serving

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    make_layout(tmp_path)
    with serving(tmp_path) as (port, _):
        yield f"http://127.0.0.1:{port}"


def found(root: Path) -> list[dict[str, Any]]:
    """Messages with properties and traits as objects, sorted by when they happened."""
    batch = kept(root)
    assert batch.problems == []
    messages = rows(batch)
    for message in messages:
        for name in ("properties", "traits"):
            if name in message:
                message[name] = json.loads(message[name])
        assert message.pop("source") == "shop-web"
        assert message.pop("namespace") == "default"
    return messages


def test_segment(address: str, tmp_path: Path) -> None:
    from segment.analytics.client import Client

    failures: list[object] = []
    client = Client(KEY, host=address, gzip=True, on_error=lambda error, _: failures.append(error))
    client.identify("u1", {"email": "a@b.example", "city": "西安"}, anonymous_id="anon", timestamp=WHEN)
    context = {"campaign": {"name": "spring", "source": "mail"}, "ip": "203.0.113.9"}
    client.track("u1", "Order Completed", {"revenue": 12.5, "coupon": "X"}, context, WHEN, message_id="m2")
    client.page("u1", name="Home", properties={"url": "https://shop.example/"}, timestamp=WHEN)
    client.screen("u1", name="Cart", timestamp=WHEN)
    client.group("u1", "g1", {"name": "Acme"}, timestamp=WHEN)
    client.alias("anon2", "u1", timestamp=WHEN)
    client.shutdown()
    assert failures == []

    messages = found(tmp_path)
    ids = [message.pop("message_id") for message in messages]
    assert len(set(ids)) == 6
    assert ids[1] == "m2"
    assert {message.pop("time") for message in messages} == {WHEN}
    assert messages == [
        {
            "type": "identify",
            "user_id": "u1",
            "anonymous_id": "anon",
            "email": "a@b.example",
            "traits": {"city": "西安"},
        },
        {
            "type": "track",
            "event": "Order Completed",
            "user_id": "u1",
            "properties": {"coupon": "X", "utm_campaign": "spring", "utm_source": "mail"},
            "p_revenue": 1250,
        },
        {"type": "page", "event": "Page: Home", "user_id": "u1", "properties": {"url": "https://shop.example/"}},
        {"type": "screen", "event": "Screen: Cart", "user_id": "u1"},
        {"type": "group", "user_id": "u1", "properties": {"group_id": "g1"}, "traits": {"name": "Acme"}},
        {"type": "alias", "user_id": "u1", "previous_id": "anon2"},
    ]


def test_rudder(address: str, tmp_path: Path) -> None:
    from rudderstack.analytics.client import Client

    failures: list[object] = []
    client = Client(KEY, host=address, on_error=lambda error, _: failures.append(error))
    client.identify("u1", {"phone": "13800000001", "level": 3}, timestamp=WHEN)
    client.track("u1", "Product Viewed", {"product_id": "p1"}, timestamp=WHEN)
    client.alias("anon", "u1", timestamp=WHEN)
    client.flush()
    client.join()
    assert failures == []

    messages = found(tmp_path)
    assert {message.pop("time") for message in messages} == {WHEN}
    assert len({message.pop("message_id") for message in messages}) == 3
    assert messages == [
        {"type": "identify", "user_id": "u1", "phone": "13800000001", "traits": {"level": 3}},
        {"type": "track", "event": "Product Viewed", "user_id": "u1", "properties": {"product_id": "p1"}},
        {"type": "alias", "user_id": "u1", "previous_id": "anon"},
    ]


@pytest.mark.parametrize("packed", [True, False])
def test_posthog(address: str, tmp_path: Path, packed: bool) -> None:
    from posthog import Posthog

    failures: list[object] = []
    client = Posthog(KEY, host=address, gzip=packed, on_error=lambda error, _: failures.append(error))
    send_with_posthog(client)
    assert failures == []

    messages = found(tmp_path)
    assert {message.pop("time") for message in messages} == {WHEN}
    assert len({message.pop("message_id") for message in messages}) == 8
    assert len(messages[-1].pop("anonymous_id")) == 36
    for message in messages:
        for left in ("os_name", "os_version"):
            message.get("properties", {}).pop(left, None)
    assert messages == FROM_POSTHOG


def send_with_posthog(client: Any) -> None:
    client.capture("Order Completed", distinct_id="u1", properties={"revenue": 12.5}, timestamp=WHEN)
    client.capture(
        "$pageview", distinct_id="u1", properties={"$current_url": "https://shop.example/a?b"}, timestamp=WHEN
    )
    client.capture("Seen", distinct_id="u1", properties={"$set": {"email": "a@b.example"}}, timestamp=WHEN)
    client.set(distinct_id="u1", properties={"city": "西安"}, timestamp=WHEN)
    client.set_once(distinct_id="u1", properties={"first": 1, "phone": "13800000001"}, timestamp=WHEN)
    client.alias("anon", "u1", timestamp=WHEN)
    client.group_identify("company", "c1", {"name": "Acme"}, timestamp=WHEN)
    client.capture("Looked", timestamp=WHEN)
    client.shutdown()


FROM_POSTHOG = [
    {"type": "track", "event": "Order Completed", "user_id": "u1", "properties": {}, "p_revenue": 1250},
    {
        "type": "page",
        "event": "Page: /a",
        "user_id": "u1",
        "properties": {"url": "https://shop.example/a?b", "path": "/a"},
    },
    {"type": "track", "event": "Seen", "user_id": "u1", "email": "a@b.example", "properties": {}},
    {"type": "identify", "user_id": "u1", "traits": {"city": "西安"}},
    {"type": "identify", "user_id": "u1", "phone": "13800000001", "traits": {"$set_once": {"first": 1}}},
    {"type": "alias", "user_id": "u1", "previous_id": "anon"},
    {
        "type": "group",
        "anonymous_id": "group:company:c1",
        "properties": {"group_id": "c1"},
        "traits": {"name": "Acme"},
    },
    {"type": "track", "event": "Looked", "properties": {}},
]


@pytest.mark.parametrize("batched", [True, False])
def test_sensors(address: str, tmp_path: Path, batched: bool) -> None:
    import sensorsanalytics

    url = f"{address}/sa?project=default&token={KEY}"
    consumer = sensorsanalytics.BatchConsumer(url) if batched else sensorsanalytics.DefaultConsumer(url)
    client = sensorsanalytics.SensorsAnalytics(consumer)
    send_with_sensors(client)

    messages = found(tmp_path)
    for timeless in (messages[8], messages[10]):
        assert abs(timeless.pop("time") - datetime.now(UTC)) < timedelta(minutes=5)
    assert {message.pop("time", WHEN) for message in messages} == {WHEN}
    assert len({message.pop("message_id") for message in messages}) == 12
    assert messages == FROM_SENSORS


def send_with_sensors(client: Any) -> None:
    import sensorsanalytics

    at = {"$time": int(WHEN.timestamp() * 1000)}
    client.track("anon", "ViewProduct", {"price": 1.5, "$url": "https://shop.example/a", **at})
    client.track_signup("u1", "anon", {"way": "sms", **at})
    client.track("u1", "PayOrder", {"amount": 3, **at}, is_login_id=True)
    client.profile_set("u1", {"email": "a@b.example", "$city": "西安", **at}, is_login_id=True)
    client.profile_set_once("u1", {"first": 1, **at}, is_login_id=True)
    client.profile_increment("u1", {"visits": 1, **at}, is_login_id=True)
    client.profile_append("u1", {"tags": ["a"]}, is_login_id=True)
    client.profile_unset("u1", {"old": True, **at}, is_login_id=True)
    client.profile_delete("u2", is_login_id=True)
    client.track_by_id(
        "Bound", dict(at), sensorsanalytics.SensorsAnalyticsIdentity("$identity_mp_unionid", "un1"),
        sensorsanalytics.SensorsAnalyticsIdentity("$identity_login_id", "u1"),
    )  # fmt: skip
    client.close()


ME = {"user_id": "u1", "anonymous_id": "u1"}
FROM_SENSORS = [
    {
        "type": "track",
        "event": "ViewProduct",
        "anonymous_id": "anon",
        "properties": {"price": 1.5, "url": "https://shop.example/a"},
    },
    {"type": "track", "event": "$SignUp", "user_id": "u1", "properties": {"way": "sms"}},
    {"type": "identify", "user_id": "u1", "anonymous_id": "anon"},
    {"type": "identify", **ME},
    {"type": "track", "event": "PayOrder", "user_id": "u1", "properties": {"amount": 3}},
    {"type": "identify", **ME, "email": "a@b.example", "traits": {"city": "西安"}},
    {"type": "identify", **ME, "traits": {"$set_once": {"first": 1}}},
    {"type": "identify", **ME, "traits": {"$increment": {"visits": 1}}},
    {"type": "identify", **ME, "traits": {"$append": {"tags": ["a"]}}},
    {"type": "identify", **ME, "traits": {"old": None}},
    {"type": "identify", "user_id": "u2", "anonymous_id": "u2", "traits": {"$delete": True}},
    {"type": "track", "event": "Bound", "user_id": "u1", "unionid": "un1"},
]


def test_a_sensors_item_is_refused_by_name(address: str, tmp_path: Path) -> None:
    import sensorsanalytics

    url = f"{address}/sa?project=default&token={KEY}"
    client = sensorsanalytics.SensorsAnalytics(sensorsanalytics.DefaultConsumer(url))
    with pytest.raises(sensorsanalytics.SensorsAnalyticsNetworkException, match="400"):
        client.item_set("book", "1", {"name": "x"})
    assert len(kept(tmp_path).table) == 0
