"""Events and properties of the common vocabulary have names in Chinese; all others stay as they came."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils.translation import override
from tests.console.fake import FakeWorkspace

from wotu.console import vocabulary
from wotu.facts.vocabulary import EVENTS, PROPERTIES


def test_the_whole_vocabulary_has_names() -> None:
    assert set(vocabulary.EVENTS) == set(EVENTS)
    assert set(vocabulary.PROPERTIES) == set(PROPERTIES)


def test_no_two_events_are_called_the_same() -> None:
    with override("zh-hans"):
        names = [vocabulary.event_name(event) for event in EVENTS]
    assert len(set(names)) == len(names)
    assert all("\u4e00" <= name[0] <= "\u9fff" for name in names)


@pytest.mark.parametrize(
    ("language", "event", "name"),
    [
        ("zh-hans", "Order Completed", "完成订单"),
        ("en", "Order Completed", "Order Completed"),
        ("zh-hans", "我的事件", "我的事件"),
        ("zh-hans", "order completed", "order completed"),
    ],
)
def test_an_unknown_event_keeps_its_name(language: str, event: str, name: str) -> None:
    with override(language):
        assert vocabulary.event_name(event) == name


@pytest.mark.parametrize(
    ("name", "value", "currency", "shown"),
    [
        ("revenue", Decimal("63.06"), "USD", "$63.06"),
        ("discount", "2.5", "CNY", "CN¥2.50"),
        ("revenue", "a lot", "USD", "a lot"),
        ("quantity", 2.0, "USD", "2"),
        ("note", "5", "USD", "5"),
    ],
)
def test_only_amounts_get_a_currency(name: str, value: object, currency: str, shown: object) -> None:
    with override("en"):
        assert vocabulary.property_value(name, value, currency) == shown


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (None, "—", "—"),
        (True, "Yes", "是"),
        (["a", None, 2.5], "a, —, 2.5", "a、—、2.5"),
        ({"名": [1, None]}, '{"名": [1, null]}', '{"名": [1, null]}'),
        ([], "—", "—"),
    ],
)
def test_no_value_is_shown_as_a_program_writes_it(value: object, english: str, chinese: str) -> None:
    for language, shown in (("en", english), ("zh-hans", chinese)):
        with override(language):
            assert vocabulary.property_value("note", value, "USD") == shown


def test_a_refund_is_called_what_it_is() -> None:
    with override("zh-hans"):
        assert vocabulary.property_name("revenue", "Order Refunded") == "退款金额"
        assert vocabulary.property_name("revenue", "Order Completed") != "退款金额"


def test_the_timeline_speaks_chinese_and_keeps_the_original_names_at_hand(
    space: FakeWorkspace, sign_in: Callable[..., Client]
) -> None:
    page = sign_in(language="zh-hans").get("/customers/c42/").content.decode()

    assert '<b title="Order Completed">完成订单</b>' in page
    assert '<i title="revenue">营收</i> US$31.20' in page
    assert "<i>store</i> 367" in page
    assert '<option value="Coupon Redeemed" title="Coupon Redeemed">核销优惠券</option>' in page


def test_the_timeline_keeps_the_names_in_english(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    page = sign_in().get("/customers/c42/").content.decode()
    assert "<b>Order Completed</b>" in page
    assert "<i>revenue</i> $31.20" in page
