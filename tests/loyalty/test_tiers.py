"""Levels: exact thresholds, an independent life day by day, and refunds that leave nothing behind."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.tiers import lived

from wotu.core.errors import WotuError
from wotu.loyalty.programme.tiers import Gain, Level, Manual, TierRules, months_after, tier_at

START = date(2025, 1, 31)
LEVELS = (Level(key="silver", at=100), Level(key="gold", at=300), Level(key="black", at=600))
days = st.integers(0, 500).map(lambda n: START + timedelta(days=n))
gains = st.lists(st.builds(Gain, days, st.sampled_from([-100, 1, 99, 100, 200, 300])), max_size=8)
rule_sets = st.builds(
    TierRules, levels=st.just(LEVELS), window_months=st.sampled_from([None, 1, 3, 12]),
    months=st.sampled_from([None, 1, 2, 12]), on_end=st.sampled_from(["one_step", "by_balance"]),
    grace_days=st.sampled_from([0, 1, 30]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("balance", "level"), [(299, "silver"), (300, "gold"), (301, "gold"), (99, ""), (100, "silver")]
)
def test_pitfall_52_the_exact_threshold_qualifies(balance: int, level: str) -> None:
    standing = tier_at([Gain(START, balance)], TierRules(levels=LEVELS), START)
    assert standing.level == level
    above = next((each for each in LEVELS if each.at > balance), None)
    assert above is not None
    assert (standing.next_level, standing.missing) == (above.key, above.at - balance)


@settings(max_examples=200)
@given(gains, rule_sets, days)
def test_the_level_is_that_of_a_life_day_by_day(history: list[Gain], rules: TierRules, today: date) -> None:
    standing = tier_at(history, rules, today)
    held = lived(
        history, [level.at for level in LEVELS], today, window=rules.window_months, months=rules.months,
        one_step=rules.on_end == "one_step", grace=rules.grace_days,
    )  # fmt: skip
    assert standing.level == (LEVELS[held.level].key if held.level >= 0 else "")
    assert (standing.since, standing.last_day) == (held.since, held.last_day)
    assert standing.in_grace == (held.last_day is not None and today > held.last_day)


@settings(max_examples=50)
@given(gains, st.builds(Gain, days, st.integers(0, 900)), rule_sets, days, st.randoms(use_true_random=False))
def test_an_order_given_back_leaves_no_level_behind(
    history: list[Gain], order: Gain, rules: TierRules, today: date, random: Random
) -> None:
    with_both = [*history, order, Gain(order.day, -order.amount)]
    random.shuffle(with_both)
    # A day with nothing but an order and its refund is a day without gains.
    found, wanted = tier_at(with_both, rules, today), tier_at(history, rules, today)
    assert found == wanted


@pytest.mark.parametrize(
    ("day", "level", "last_day", "in_grace"),
    [
        (date(2025, 1, 10), "gold", date(2025, 4, 10), False),
        (date(2025, 4, 10), "gold", date(2025, 4, 10), False),
        (date(2025, 4, 11), "gold", date(2025, 4, 10), True),
        (date(2025, 4, 17), "gold", date(2025, 4, 10), True),
        (date(2025, 4, 18), "silver", date(2025, 7, 18), False),
    ],
)
def test_a_level_holds_three_months_and_a_week_of_grace_then_falls_a_step(
    day: date, level: str, last_day: date, in_grace: bool
) -> None:
    rules = TierRules(levels=LEVELS, window_months=3, months=3, on_end="one_step", grace_days=7)
    standing = tier_at([Gain(date(2025, 1, 10), 350)], rules, day)
    assert (standing.level, standing.last_day, standing.in_grace) == (level, last_day, in_grace)


def test_without_steps_it_falls_to_the_balance() -> None:
    rules = TierRules(levels=LEVELS, window_months=3, months=3)
    assert tier_at([Gain(date(2025, 1, 10), 350)], rules, date(2025, 4, 11)).level == ""


def test_a_level_by_hand_wins_over_a_lower_one_until_its_last_day() -> None:
    rules, history = TierRules(levels=LEVELS), [Gain(START, 100), Gain(START + timedelta(days=20), 500)]
    hand = [Manual(level="gold", first_day=START, last_day=START + timedelta(days=9))]
    seen = [tier_at(history, rules, START + timedelta(days=n), hand) for n in (0, 9, 10)]
    assert [(one.level, one.by_hand) for one in seen] == [("gold", True), ("gold", True), ("silver", False)]
    for_good = [Manual(level="gold", first_day=START)]
    high = tier_at([Gain(START, 600)], rules, START, for_good)
    assert (high.level, high.by_hand) == ("black", False)
    assert (seen[0].next_level, seen[0].missing) == ("black", 500)


def test_months_end_where_the_month_ends() -> None:
    assert months_after(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert months_after(date(2024, 3, 31), -1) == date(2024, 2, 29)
    assert months_after(date(2025, 12, 31), 12) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("levels", {"levels": (Level(key="a", at=5), Level(key="b", at=5))}),
        ("levels", {"levels": (Level(key="a", at=5), Level(key="a", at=6))}),
        ("months", {"levels": LEVELS, "months": 0}),
        ("grace_days", {"levels": LEVELS, "grace_days": -1}),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(field: str, facts: dict) -> None:
    with pytest.raises(WotuError) as refused:
        TierRules(**facts)
    assert refused.value.field == field
