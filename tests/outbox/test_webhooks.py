"""Webhooks against a real receiver: signed, repeated until it has them, never into our own network."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from django.conf import LazySettings
from tests.outbox.receiver import Receiver, receiving

from wotu.accounts import audit
from wotu.core.errors import WotuError
from wotu.core.settings import Settings
from wotu.outbox import endpoint_services, posting, reads, services
from wotu.outbox.models import WebhookEndpoint, Work
from wotu.outbox.posting import is_public
from wotu.outbox.running import drain
from wotu.outbox.webhooks import deliver

pytestmark = [pytest.mark.django_only, pytest.mark.django_db]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT = "Coupon Issued"


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    settings.WOTU_SETTINGS = Settings(webhooks_to_private_networks=True)
    with receiving() as made:
        yield made


def add(receiver: Receiver, *events: str) -> tuple[int, str]:
    return endpoint_services.add_endpoint(receiver.url, events=events, by="cli")


def signed(secret: str, headers: dict[str, str], body: bytes) -> str:
    """The signature by hand."""
    text = f"{headers['wotu-id']}.{headers['wotu-timestamp']}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def at(now: datetime) -> Any:
    return patch("django.utils.timezone.now", return_value=now)


def test_an_event_is_posted_signed_with_its_key(receiver: Receiver) -> None:
    _, secret = add(receiver)
    with at(NOW):
        assert deliver(EVENT, {"coupon": "满100减10"}, key="coupon:7") == 1
        drain("webhooks")
    ((headers, body),) = receiver.received
    assert msgspec.json.decode(body) == {
        "id": "coupon:7", "event": EVENT, "time": NOW.isoformat(), "data": {"coupon": "满100减10"},
    }  # fmt: skip
    assert (headers["wotu-id"], headers["wotu-timestamp"]) == ("coupon:7", str(int(NOW.timestamp())))
    assert headers["wotu-signature"] == signed(secret, headers, body)
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert [(each.event, each.key, each.state) for each in reads.deliveries()] == [(EVENT, "coupon:7", "delivered")]
    # It is shown for a day, and then gone.
    services.forget_kept(NOW + timedelta(days=1, seconds=1))
    assert Work.objects.count() == 0


def test_each_endpoint_is_told_of_what_it_asked_for_once(receiver: Receiver) -> None:
    add(receiver)
    add(receiver, EVENT)
    add(receiver, "Another Event")
    off, _ = add(receiver)
    endpoint_services.disable_endpoint(off, by="cli")
    assert [deliver(EVENT, {}, key="a") for _ in range(2)] == [2, 2]
    drain("webhooks")
    assert len(receiver.received) == 2


def test_an_endpoint_that_is_switched_off_is_not_told_what_was_queued(receiver: Receiver) -> None:
    number, _ = add(receiver)
    deliver(EVENT, {}, key="a")
    endpoint_services.disable_endpoint(number, by="cli")
    drain("webhooks")
    assert receiver.received == []
    endpoint_services.enable_endpoint(number, by="cli")
    deliver(EVENT, {}, key="b")
    drain("webhooks")
    assert [headers["wotu-id"] for headers, _ in receiver.received] == ["b"]


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 429, 500, 503])
def test_whatever_is_no_success_is_sent_again_for_three_days(receiver: Receiver, status: int) -> None:
    add(receiver)
    receiver.status, receiver.location = status, receiver.url
    with at(NOW):
        deliver(EVENT, {}, key="a")
        drain("webhooks")
    assert len(receiver.received) == 1
    assert f"answered {status}" in Work.objects.get().last_error
    with at(NOW + timedelta(days=2)):
        drain("webhooks")
    assert Work.objects.get().failed_at is None
    with at(NOW + timedelta(days=3)):
        drain("webhooks")
    assert Work.objects.get().failed_at is not None
    assert [headers["wotu-id"] for headers, _ in receiver.received] == ["a"] * 3
    assert len({headers["wotu-signature"] for headers, _ in receiver.received}) == 3


def test_after_a_new_secret_both_sign_for_a_day(receiver: Receiver) -> None:
    number, first = add(receiver)
    with at(NOW):
        second = endpoint_services.rotate_secret(number, by="cli")
    for hours, secrets in ((23, [second, first]), (24, [second])):
        receiver.received.clear()
        with at(NOW + timedelta(hours=hours)):
            deliver(EVENT, {}, key=f"a{hours}")
            drain("webhooks")
        ((headers, body),) = receiver.received
        assert headers["wotu-signature"].split(" ") == [signed(secret, headers, body) for secret in secrets]
    assert [entry.action for entry in audit.entries().rows] == ["rotate_webhook", "add_webhook"]
    assert first not in str([entry.detail for entry in audit.entries().rows])


def test_a_receiver_that_never_answers_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.3)
    receiver.hold = threading.Event()
    add(receiver)
    deliver(EVENT, {}, key="a")
    started = time.monotonic()
    drain("webhooks")
    assert time.monotonic() - started < 30
    assert Work.objects.get().attempts == 1


def test_a_private_address_is_refused_however_it_is_named(
    receiver: Receiver, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the name meant a public one when the endpoint was added."""
    settings.WOTU_SETTINGS = Settings()
    WebhookEndpoint.objects.create(url="https://shop.example.com/x", secret="s", created_at=NOW)
    answers = [(None, None, None, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.7")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: answers)
    monkeypatch.setattr("socket.create_connection", lambda *_: pytest.fail("a connection was made"))
    deliver(EVENT, {}, key="a")
    drain("webhooks")
    assert "private network" in Work.objects.get().last_error
    assert receiver.received == []


def test_the_checked_address_is_the_one_that_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is asked for twice may mean two things."""
    asked: list[str] = []

    def resolve(host: str, *_args: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(None, None, None, "", ("127.0.0.1", receiver.port))]

    real = posting.socket.create_connection
    reached: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> Any:
        reached.append(address[0])
        monkeypatch.undo()
        return real(address, timeout)

    monkeypatch.setattr(posting.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(posting.socket, "create_connection", connect)
    posting.post(f"http://shop.example.com:{receiver.port}/x", b"{}", {}, private=True)
    assert (asked, reached) == (["shop.example.com"], ["127.0.0.1"])
    assert receiver.received[0][0]["host"] == f"shop.example.com:{receiver.port}"


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1", False),
        ("fc00::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::", False),
        ("::", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(text: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(text)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/", "ftp://shop.example.com/", "https://", "https://user:pw@shop.example.com/",
        "https://shop.example.com/#x", "https://shop.example.com:99999/", "https://shop.example.com/a b", "",
        "https://shop.example.com/\nHost: x", "file:///etc/passwd", "https://shop.example.com/" + "x" * 1000,
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_posted_to_is_refused(url: str, settings: LazySettings) -> None:
    settings.WOTU_SETTINGS = Settings()
    with pytest.raises(WotuError) as refused:
        endpoint_services.add_endpoint(url, by="cli")
    assert refused.value.field == "url"
    assert WebhookEndpoint.objects.count() == 0


@pytest.mark.parametrize("act", [endpoint_services.disable_endpoint, endpoint_services.rotate_secret])
def test_an_unknown_endpoint_is_refused(act: Callable[..., object]) -> None:
    with pytest.raises(WotuError):
        act(7, by="cli")


def test_the_documented_check_tells_genuine_messages_from_others(receiver: Receiver) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md"
    code = page.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    is_genuine = names["is_genuine"]
    number, first = add(receiver)
    second = endpoint_services.rotate_secret(number, by="cli")
    deliver(EVENT, {"coupon": "满减"}, key="a")
    drain("webhooks")
    ((sent, body),) = receiver.received
    headers = {f"Wotu-{name}": sent[f"wotu-{name.lower()}"] for name in ("Id", "Timestamp", "Signature")}
    now = int(headers["Wotu-Timestamp"])
    assert is_genuine(first, headers, body, now + 299)
    assert is_genuine(second, headers, body, now)
    assert not is_genuine("whsec_other", headers, body, now)
    assert not is_genuine(second, headers, body + b" ", now)
    assert not is_genuine(second, {**headers, "Wotu-Id": "b"}, body, now)
    assert not is_genuine(second, headers, body, now + 301)
