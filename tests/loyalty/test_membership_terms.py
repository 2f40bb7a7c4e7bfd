"""Terms never overlap, days that were used stay used, and refunds in any split add up to what was paid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.membership import fair_share, member_days

from wotu.core.errors import WotuError
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon, better_of
from wotu.loyalty.membership.terms import Cut, Purchase, Term, lay_out, month_of, pro_rata

DAY = date(2026, 1, 1)


def on(day: int) -> date:
    return DAY + timedelta(days=day)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.none() | st.integers(0, 30)),
                min_size=1, max_size=5))  # fmt: skip
def test_terms_are_those_of_a_referee_who_counts_days(told: list[tuple[int, int, int | None]]) -> None:
    told = sorted(told, key=lambda each: each[0])
    bought = [(on(at), days, None if later is None else on(at + later)) for at, days, later in told]
    purchases = [
        Purchase(bought_on=day, days=days, cuts=() if back is None else (Cut(day=back, left=0),))
        for day, days, back in bought
    ]
    expected = member_days(bought, on(400))

    terms = lay_out(purchases)

    for term, days in zip(terms, expected, strict=True):
        assert {term.first + timedelta(days=n) for n in range((term.after - term.first).days)} == days


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_partial_refunds_add_up_to_the_whole(paid: int, parts: list[int]) -> None:
    days, before, given_back = max(1, sum(parts)), 0, []
    for part in parts:
        given_back.append(pro_rata(paid, days=days, given_before=before, given_now=part))
        before += part
    assert given_back == fair_share(paid, days, parts)
    assert sum(given_back) == (paid if sum(parts) else 0)


def test_months_are_counted_from_the_first_day_of_all_of_them() -> None:
    bought = [Purchase(bought_on=date(2026, 1, 31), months=1), Purchase(bought_on=date(2026, 2, 1), months=1)]
    assert lay_out(bought) == (
        Term(first=date(2026, 1, 31), after=date(2026, 2, 28)), Term(first=date(2026, 2, 28), after=date(2026, 3, 31)),
    )  # fmt: skip


def test_a_term_bought_within_grace_follows_and_one_after_it_begins_anew() -> None:
    first = Purchase(bought_on=on(0), days=10)
    late, later = Purchase(bought_on=on(13), days=10), Purchase(bought_on=on(14), days=10)
    assert lay_out([first, late], grace_days=3)[1] == Term(first=on(10), after=on(20))
    assert lay_out([first, later], grace_days=3)[1] == Term(first=on(14), after=on(24))


def test_a_piece_of_several_that_comes_back_takes_its_days_off_the_end() -> None:
    three = Purchase(bought_on=on(0), days=10, pieces=3, cuts=(Cut(day=on(5), left=2),))
    used = Purchase(bought_on=on(0), days=10, pieces=3, cuts=(Cut(day=on(25), left=1),))
    assert lay_out([three]) == (Term(first=on(0), after=on(20)),)
    assert lay_out([used]) == (Term(first=on(0), after=on(25)),)


def test_the_longest_terms_do_not_run_over_the_end_of_the_calendar() -> None:
    ages = [Purchase(bought_on=on(0), months=120, days=3_660, pieces=100)] * 12
    assert lay_out(ages, grace_days=90)[-1].after == date(8999, 1, 1)


@pytest.mark.parametrize(("given_before", "given_now", "paid"), [(0, 11, 5), (9, 2, 5), (-1, 1, 5), (0, 1, -1)])
def test_more_days_than_there_are_cannot_be_given_back(given_before: int, given_now: int, paid: int) -> None:
    with pytest.raises(WotuError):
        pro_rata(paid, days=10, given_before=given_before, given_now=given_now)


def test_benefits_that_were_taken_take_off_what_is_due_and_never_more() -> None:
    assert pro_rata(10_000, days=10, given_before=0, given_now=5, taken=1_000) == 4_000
    assert pro_rata(10_000, days=10, given_before=0, given_now=5, taken=9_000) == 0


def test_of_two_tracks_the_better_of_each_benefit_counts() -> None:
    gold = Benefits(multiplier=200, coupons=(MonthlyCoupon(template=1, count=1),))
    plus = Benefits(multiplier=150, price_off=500, free_shipping=True, coupons=(MonthlyCoupon(template=1, count=3),))
    both = Benefits(multiplier=200, price_off=500, free_shipping=True, coupons=(MonthlyCoupon(template=1, count=3),))
    assert better_of([gold, plus]) == better_of([plus, gold]) == both
    assert better_of([]) == Benefits()


@pytest.mark.parametrize(
    "wrong", [{"multiplier": 99}, {"multiplier": 10_001}, {"price_off": -1}, {"price_off": 10_001}]
)
def test_benefits_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(WotuError):
        Benefits(**wrong)


def test_a_month_of_a_term_begins_on_its_day() -> None:
    assert [month_of(on(0), on(day)) for day in (0, 30, 31, 58, 59)] == [0, 0, 1, 1, 2]
