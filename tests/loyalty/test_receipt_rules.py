"""What a receipt brings, against a slow referee; when two receipts are one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.cash_back import brings

from wotu.core.errors import WotuError
from wotu.loyalty.receipts.rules import CashBack, Window, cash_back, same_receipt

caps = st.none() | st.integers(1, 80)


@given(
    amount=st.integers(0, 600),
    kind=st.one_of(st.tuples(st.integers(1, 10_000), st.just(0)), st.tuples(st.just(0), st.integers(1, 90))),
    least=st.sampled_from([0, 1, 100, 300]),
    cap=caps,
    left=st.none() | st.integers(0, 80),
    worth=st.sampled_from([1, 2, 7, 10]),
)
def test_it_is_what_the_referee_counts_up_to(
    amount: int, kind: tuple[int, int], least: int, cap: int | None, left: int | None, worth: int
) -> None:
    rate, fixed = kind
    terms = CashBack(rate=rate, fixed=fixed, least=least, most_per_receipt=cap)
    percent = Decimal(rate) / 100 if rate else None
    expected = brings(amount, percent=percent, fixed=fixed, least=least, caps=[cap, left], worth=worth)
    assert cash_back(terms, amount, left=left, worth=worth) == expected


@given(amounts=st.lists(st.integers(1, 10_000), max_size=20), rate=st.integers(1, 10_000), most=st.integers(1, 500))
def test_receipts_of_one_person_never_bring_more_than_the_cap(amounts: list[int], rate: int, most: int) -> None:
    had = 0
    for amount in amounts:
        had += cash_back(CashBack(rate=rate), amount, left=most - had)
    assert had <= most
    assert had == min(most, sum(amount * rate // 10_000 for amount in amounts))


@pytest.mark.parametrize(
    ("terms", "field"),
    [({}, "rate"), ({"rate": 1, "fixed": 1}, "rate"), ({"rate": 10_001}, "rate"), ({"fixed": 10**14}, "fixed"),
     ({"rate": 1, "least": -1}, "least"), ({"rate": 1, "most_per_receipt": 0}, "most_per_receipt")],
)  # fmt: skip
def test_terms_that_cannot_be_are_refused(terms: dict[str, int], field: str) -> None:
    with pytest.raises(WotuError) as refused:
        CashBack(**terms)
    assert refused.value.field == field


def test_the_first_and_the_last_day_count_and_the_days_to_send_in() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    window = Window(first_day=first, last_day=last, claim_days=2)
    days = [first - timedelta(1), first, last, last + timedelta(1)]
    assert [window.has(day) for day in days] == [False, True, True, False]
    asked = [last - timedelta(1), last, last + timedelta(2), last + timedelta(3)]
    assert [window.in_time(last, day) for day in asked] == [False, True, True, False]
    with pytest.raises(WotuError):
        Window(first_day=last, last_day=first)


def test_a_receipt_is_the_same_however_it_is_written() -> None:
    day = date(2026, 3, 1)
    told = {same_receipt(shop, day, number) for shop, number in
            [("Tea House", "AB-012"), (" tea  house", "ab 012"), ("ＴＥＡ HOUSE", "Ａb/012")]}  # fmt: skip
    others = {same_receipt("Tea House", day, "AB-013"), same_receipt("Tea Hous", day, "eAB-012"),
              same_receipt("Tea House", day + timedelta(1), "AB-012")}  # fmt: skip
    assert (len(told), len(others | told)) == (1, 4)
