"""The sentence of Home is true and reads well, whatever happened."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from django.utils.html import strip_tags
from django.utils.translation import override
from tests.console.fake import Contribution, Overview, overview

from wotu.console.sentence import what_changed


def _said(answer: Any, language: str) -> str:
    with override(language):
        return strip_tags(what_changed(answer, "USD"))


def _with(answer: Overview, revenue: Any, previous: Any, *changes: Contribution) -> Overview:
    figure = dataclasses.replace(answer.figures["revenue"], value=revenue, previous=previous)
    return dataclasses.replace(answer, figures={**answer.figures, "revenue": figure}, changes=changes)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            (
                "Revenue fell by 4.1% to $352K against the 4 weeks before. Almost all of it: fewer of the existing "
                "customers came back (repeat rate 78.9% → 75.2%, −$15.6K)."
            ),
        ),
        (
            "zh-hans",
            (
                "净营收较前 4 周下降 4.1%，为 US$35.2万。几乎全部来自：回来复购的老客占比下降"
                "（复购率 78.9% → 75.2%，−US$1.56万）。"
            ),
        ),
    ],
)
def test_a_fall_names_its_cause(language: str, sentence: str) -> None:
    assert _said(overview(), language) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            (
                "Revenue rose by 10.0% to $1,100 against the week before. Mainly: more customers were new "
                "(10 → 22, +$120.00). Against that, there are fewer existing customers (50 → 48, −$20.00)."
            ),
        ),
        (
            "zh-hans",
            (
                "净营收较前一周增长 10.0%，达 US$1,100。主要来自：新客变多（10 → 22，+US$120.00）。"
                "与之相反，老客变少（50 → 48，−US$20.00）。"
            ),
        ),
    ],
)
def test_a_rise_names_what_went_against_it(language: str, sentence: str) -> None:
    answer = _with(
        overview(days=7),
        Decimal("1100.00"),
        Decimal("1000.00"),
        Contribution("new_customers", Decimal("120.00"), 22, 10),
        Contribution("existing_customers", Decimal("-20.00"), 48, 50),
    )
    assert _said(answer, language) == sentence


@pytest.mark.parametrize(
    ("value", "previous", "english", "chinese"),
    [
        (
            "1000.00",
            "1000.00",
            "Revenue did not change: $1,000, as in the quarter before.",
            "净营收没有变化：US$1,000，与前一季持平。",
        ),
        (
            "1000.40",
            "1000.00",
            "Revenue did not change: $1,000, as in the quarter before.",
            "净营收没有变化：US$1,000，与前一季持平。",
        ),
        (
            "88.00",
            "0.00",
            "Revenue is $88.00; there is nothing to compare with, as the quarter before had no orders.",
            "净营收为 US$88.00；前一季没有订单，无从比较。",
        ),
        (
            "0.00",
            None,
            "No orders in the last quarter, nor in the quarter before.",
            "最近一季和之前一季都没有订单。",
        ),
        (
            "0.00",
            "50.00",
            "Revenue fell by 100.0% to $0.00 against the quarter before.",
            "净营收较前一季下降 100.0%，为 US$0.00。",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said_plainly(value: str, previous: str | None, english: str, chinese: str) -> None:
    answer = _with(overview(days=91), Decimal(value), Decimal(previous) if previous else None)
    assert _said(answer, "en") == english
    assert _said(answer, "zh-hans") == chinese


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "factor", ["existing_customers", "repeat_rate", "repeat_amount", "new_customers", "first_order_value"]
)
@pytest.mark.parametrize("amount", ["60.00", "-60.00"])
def test_every_factor_has_its_words(factor: str, amount: str, language: str) -> None:
    change = Decimal(amount)
    answer = _with(
        overview(),
        Decimal("1000.00") + change,
        Decimal("1000.00"),
        Contribution(factor, change, Decimal(2), Decimal(1)),
    )

    sentence = _said(answer, language)

    assert "{" not in sentence
    assert ("+" in sentence) == (change > 0)
    assert sentence.endswith("." if language == "en" else "。")
