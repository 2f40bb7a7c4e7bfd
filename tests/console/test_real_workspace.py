"""Every page on a real workspace: the answers have the shapes the pages read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real
from tests.console.fake import FakeWorkspace
from tests.console.test_export import _rows
from tests.console.test_pages import PAGES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("real") / "workspace")


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings) -> Any:
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", [page for page in PAGES if "c42" not in page])
def test_a_page_answers(shop: Any, sign_in: Callable[..., Client], address: str, language: str) -> None:
    response = sign_in(language=language).get(address)
    assert response.status_code == 200


def test_a_customer_has_orders_and_a_timeline(shop: Any, sign_in: Callable[..., Client]) -> None:
    page = sign_in(language="zh-hans").get("/customers/u3/").content.decode()
    assert "客户3" in page
    assert "龙井茶" in page
    assert "完成订单" in page


def test_the_exported_list_adds_up_to_the_segments(shop: Any, sign_in: Callable[..., Client]) -> None:
    rows = _rows(sign_in().get("/customers/export.csv"))[1:]
    assert len(rows) == 40
    assert sum(Decimal(row[5]) for row in rows) == sum(segment.revenue for segment in shop.rfm().segments)


def test_the_board_opens_as_many_customers_as_it_says(shop: Any, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    for segment in shop.rfm(split="score").segments:
        rows = _rows(client.get(f"/customers/export.csv?segment={segment.key}&split=score"))[1:]
        assert len(rows) == segment.customers


def test_the_fake_has_the_shape_of_the_real_one(shop: Any, tmp_path: Path) -> None:
    """What a page reads of one it can read of the other."""
    fake = FakeWorkspace(tmp_path)
    pairs = [
        (fake.overview(), shop.overview()),
        (fake.customers().rows[0], shop.customers().rows[0]),
        (fake.customer("c1"), shop.customer("u1")),
        (fake.orders_of("c1").rows[0], shop.orders_of("u3").rows[0]),
        (fake.orders_of("c1").rows[0].lines[0], shop.orders_of("u3").rows[0].lines[0]),
        (fake.timeline_of("c1").rows[0], shop.timeline_of("u3").rows[0]),
        (fake.rfm().segments[0], shop.rfm().segments[0]),
    ]
    for made_up, true in pairs:
        names = set(getattr(made_up, "values", None) or vars(made_up))
        assert [name for name in names - {"number", "income"} if not hasattr(true, name)] == []
