"""Settings, Webhooks: an address is added with a secret shown once, tested, and switched off; the messages are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console.fake import FakeWorkspace
from tests.outbox.receiver import Receiver, receiving

from wotu.accounts import audit
from wotu.core.settings import Settings
from wotu.outbox import endpoint_services, reads
from wotu.outbox.models import WebhookEndpoint, Work
from wotu.outbox.running import drain

SignIn = Callable[..., Client]
ADDRESS = "/settings/webhooks/"
pytestmark = pytest.mark.django_only


@pytest.fixture
def receiver(space: FakeWorkspace, settings: LazySettings) -> Iterator[Receiver]:
    settings.WOTU_SETTINGS = Settings(webhooks_to_private_networks=True)
    with receiving() as made:
        yield made


def test_an_address_is_added_and_its_secret_shown_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("owner")
    assert "No webhook yet" in client.get(ADDRESS).content.decode()
    form = {"do": "add", "url": "https://shop.example.com/wotu", "events": "Coupon Issued\n\n Coupon <b>Used \n"}
    page = client.post(ADDRESS, form).content.decode()
    (secret,) = re.findall(r"<code>(whsec_[\w-]+)</code>", page)
    assert WebhookEndpoint.objects.get().secret == secret
    (known,) = reads.endpoints()
    assert (known.url, known.events) == ("https://shop.example.com/wotu", ("Coupon <b>Used", "Coupon Issued"))
    again = client.get(ADDRESS).content.decode()
    assert secret not in again
    assert "Coupon &lt;b&gt;Used" in again

    page = client.post(ADDRESS, {"do": "rotate", "id": known.id}).content.decode()
    (other,) = re.findall(r"<code>(whsec_[\w-]+)</code>", page)
    assert other != secret
    assert client.post(ADDRESS, {"do": "disable", "id": known.id})["Location"] == f"{ADDRESS}?done=disable"
    assert not WebhookEndpoint.objects.get().enabled
    assert client.post(ADDRESS, {"do": "test", "id": known.id}).status_code == 422
    assert client.post(ADDRESS, {"do": "enable", "id": known.id}).status_code == 302
    assert [each.action for each in audit.about([f"webhook {known.id}"])] == [
        "add_webhook", "rotate_webhook", "disable_webhook", "enable_webhook",
    ]  # fmt: skip
    assert Work.objects.count() == 0


def test_a_test_is_posted_and_told(receiver: Receiver, sign_in: SignIn) -> None:
    client = sign_in("owner")
    number, _ = endpoint_services.add_endpoint(receiver.url, events=["Coupon Issued"], by="cli")
    assert client.post(ADDRESS, {"do": "test", "id": number}).status_code == 302
    assert "On its way" in client.get(ADDRESS).content.decode()
    drain("webhooks")
    ((headers, body),) = receiver.received
    assert b'"event":"Test"' in body
    assert headers["wotu-id"].startswith("test:")
    assert "✓ Delivered" in client.get(ADDRESS).content.decode()

    receiver.status = 500
    client.post(ADDRESS, {"do": "test", "id": number})
    drain("webhooks")
    page = client.get(ADDRESS).content.decode()
    assert "Failed; again at" in page
    assert "1 try failed" in page
    assert "the receiver answered 500" in page
    assert [(each.state, each.attempts) for each in reads.deliveries()] == [("again", 1), ("delivered", 0)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"url": ""}, "请填地址"), ({"url": "http://shop.example.com/"}, "请填地址"), ({"url": "ftp://x"}, "请填地址"),
     ({"url": "https://me:pass@shop.example.com/"}, "请填地址"), ({"url": "https://x/" + "y" * 1_000}, "请填地址"),
     ({"events": "x" * 101}, "请填事件名"), ({"events": "a\x00"}, "最多填 50"), ({"events": "x\n" * 51}, "最多填 50"),
     ({"do": "", "id": "1"}, ""), ({"do": "test", "id": "1e9"}, ""), ({"do": "rotate", "id": "99"}, "")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str], words: str
) -> None:
    client = sign_in("owner", language="zh-hans")
    form = {"do": "add", "url": "https://shop.example.com/wotu", "events": "优惠券"} | wrong
    response = client.post(ADDRESS, form)
    page = response.content.decode()
    assert response.status_code == 422
    (told,) = re.findall(r'role="alert">([^<]*)<', page)
    assert re.search("[\u4e00-\u9fff]", told)
    assert told.startswith(words)
    assert WebhookEndpoint.objects.count() == Work.objects.count() == 0
    if "url" not in wrong:
        assert 'value="https://shop.example.com/wotu"' in page


@pytest.mark.parametrize("role", ["marketer", "analyst", "viewer"])
def test_others_see_and_change_nothing(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"do": "add", "url": "https://shop.example.com/"}).status_code == 403
    assert WebhookEndpoint.objects.count() == 0
    assert ADDRESS not in client.get("/settings/").content.decode()
