"""Numbers as people read them: short, exact where asked, and honest about what does not exist."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from wotu.console import figures
from wotu.console.drawing import diverging_bar, sparkline


@pytest.mark.parametrize(
    ("amount", "english", "chinese"),
    [
        (Decimal("352000.50"), "$352K", "US$35.2万"),
        (Decimal("1234567"), "$1.2M", "US$123.5万"),
        (Decimal("29.5"), "$29.50", "US$29.50"),
        (Decimal("1861.27"), "$1,861", "US$1,861"),
        (Decimal("-15234"), "−$15.2K", "−US$1.5万"),
        (Decimal("0"), "$0.00", "US$0.00"),
        (None, "—", "—"),
    ],
)
def test_money_is_short(amount: Decimal | None, english: str, chinese: str) -> None:
    with override("en"):
        assert figures.money(amount, "USD") == english
    with override("zh-hans"):
        assert figures.money(amount, "USD") == chinese


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [(2469, "2,469", "2,469"), (123456, "123.5K", "12.3万"), (0, "0", "0"), (None, "—", "—")],
)
def test_counts_are_short(number: int | None, english: str, chinese: str) -> None:
    with override("en"):
        assert figures.count(number) == english
    with override("zh-hans"):
        assert figures.count(number) == chinese


@pytest.mark.parametrize(
    ("value", "previous", "unit", "direction", "text"),
    [
        (Decimal(90), Decimal(100), "money", "down", "−10.0%"),
        (1902, 1965, "count", "down", "−3.2%"),
        (14, 9, "count", "up", "+5"),
        (3, 0, "count", "up", "+3"),
        (0.752, 0.789, "rate", "down", "−3.7 pts"),
        (0.7521, 0.7522, "rate", "same", "no change"),
        (Decimal(100), Decimal(100), "money", "same", "no change"),
        (Decimal(5), Decimal(0), "money", "up", "from none"),
        (None, 0.5, "rate", "none", "nothing to compare with"),
        (0.5, None, "rate", "none", "nothing to compare with"),
    ],
)
def test_a_change_has_direction_sign_and_words(value: Any, previous: Any, unit: Any, direction: str, text: str) -> None:
    with override("en"):
        change = figures.change(value, previous, unit)
    assert (change.direction, change.text) == (direction, text)


@pytest.mark.parametrize(
    ("since", "until", "english", "chinese"),
    [
        (date(2017, 12, 4), date(2018, 1, 1), "Dec 4 – 31", "12月4日至31日"),
        (date(2017, 1, 1), date(2018, 1, 1), "Jan 1 – Dec 31", "1月1日至12月31日"),
        (date(2016, 12, 4), date(2018, 1, 1), "Dec 4, 2016 – Dec 31, 2017", "2016年12月4日至2017年12月31日"),
    ],
)
def test_a_range_is_told_by_its_first_and_last_day(since: date, until: date, english: str, chinese: str) -> None:
    with override("en"):
        assert figures.interval(since, until).replace("\u2009", " ") == english
    with override("zh-hans"):
        assert figures.interval(since, until) == chinese


def test_a_sparkline_breaks_where_a_value_is_missing() -> None:
    assert sparkline([1, 2, None, 4]).count("M") == 2
    assert sparkline([3, 3, 3]) == "M0.0 14.0L60.0 14.0L120.0 14.0"
    assert sparkline([None, 1]) == ""


@pytest.mark.parametrize(
    ("amount", "largest", "bar"),
    [(50.0, 100.0, (100.0, 49.0)), (-100.0, 100.0, (2.0, 98.0)), (0.0, 100.0, (100.0, 0.0)), (0.0, 0.0, (100.0, 0.0))],
)
def test_a_bar_starts_in_the_middle(amount: float, largest: float, bar: tuple[float, float]) -> None:
    assert diverging_bar(amount, largest) == bar
