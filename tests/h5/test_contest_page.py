"""A customer joins a contest from their page, sees their place and the first places, and leaves; names are masked."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.site import configure

configure()

from tests.h5.test_member_page import LARGEST_BYTES, Space, address, page  # noqa: E402
from tests.loyalty.clubs import buy, cart, club  # noqa: E402
from tests.loyalty.receipts_shop import campaign  # noqa: E402

from wotu.core.settings import Settings  # noqa: E402
from wotu.loyalty.contests import services  # noqa: E402
from wotu.loyalty.contests.ranks import Prize  # noqa: E402
from wotu.loyalty.models import ContestEntry  # noqa: E402

DAY = timedelta(days=1)


class Named(Space):
    """Knows what customers are called, too."""

    def customer(self, identifier: str) -> SimpleNamespace:
        return SimpleNamespace(customer_id=super().customer(identifier).customer_id, name="王小明")


@pytest.fixture(autouse=True)
def _space(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> None:
    for where in ("pages", "contests"):
        monkeypatch.setattr(f"wotu.h5.{where}.workspace", Named)
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY", name="Tea")
    club()


@pytest.fixture
def contest() -> int:
    now = timezone.now()
    return services.create_contest(
        campaign(), "Tea <b>", "spent", [Prize(first=1, last=3, points=50)], starts_at=now - DAY,
        ends_at=now + DAY, cut_off=now + 2 * DAY, by="ann", now=now,
    )  # fmt: skip


def where(contest: int, customer: int = 7) -> str:
    return f"{address(customer)}contests/{contest}/?lang=en"


def test_one_joins_and_sees_the_places_of_those_who_joined(client: Client, contest: int) -> None:
    for customer, price in ((7, 5_000), (8, 9_000)):
        buy(f"o{customer}", customer, cart(("tea", 1, price)), at=timezone.now())
    assert "Tea &lt;b&gt;" in page(client, f"{address()}?lang=en")
    assert "Join to be ranked." in page(client, where(contest))
    assert client.post(where(contest, 8), {"do": "join", "nickname": "<i>Oo"}).status_code == 200
    said = [client.post(where(contest), {"do": "join"}).content.decode() for _ in range(2)]
    assert "You are in." in said[0]
    assert "Your nickname is changed." in said[1]
    services.count(contest, now=timezone.now())
    text = page(client, where(contest))
    for expected in ("&lt;i&gt;Oo", "王**", "¥90", "¥50", "1–3", "50 points", 'class="own"'):
        assert expected in text, expected
    assert "王小明" not in text
    assert len(text.encode()) < LARGEST_BYTES
    assert "我的名次" in page(client, where(contest).replace("lang=en", "lang=zh-hans"))


def test_one_leaves_and_is_shown_no_more(client: Client, contest: int) -> None:
    client.post(where(contest), {"do": "join", "nickname": "Oo"})
    assert "You have left." in client.post(where(contest), {"do": "leave"}).content.decode()
    assert not ContestEntry.objects.exists()


def test_what_cannot_be_is_refused(client: Client, contest: int) -> None:
    assert client.post(where(contest), {"do": "join", "nickname": "x" * 21}).status_code == 409
    assert client.post(where(contest), {"do": "join", "nickname": "a\x00"}).status_code in (400, 409)
    assert client.post(where(contest), {}).status_code == client.post(where(contest), {"do": "win"}).status_code == 409
    assert client.get(where(999)).status_code == 404
    assert client.get(where(contest).replace("/m/", "/m/x")).status_code == 403
    assert not ContestEntry.objects.exists()


def test_a_contest_that_is_over_is_shown_to_those_who_joined(client: Client, contest: int) -> None:
    client.post(where(contest), {"do": "join", "nickname": "Oo"})
    buy("o7", 7, cart(("tea", 1, 5_000)), at=timezone.now())
    services.settle(contest, by="bob", now=timezone.now() + 3 * DAY)
    text = page(client, where(contest))
    assert "You have won: 50 points" in text
    assert 'name="nickname"' not in text
    assert client.get(where(contest, 8)).status_code == 404
