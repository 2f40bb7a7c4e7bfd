"""Odds, releases, chances and the checks of the law, as pure rules."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.periods import to_micros
from wotu.loyalty.lottery import law
from wotu.loyalty.lottery.chances import ChanceRule, Deed, check_rules, earned, within
from wotu.loyalty.lottery.odds import commitment, draw_label, fraction_of, number_of, prize_of, table_of
from wotu.loyalty.lottery.releases import Window, by_day, check_windows, evenly, release_times

SEED = "4f1c9a7730d84e52b8aa61b7e2c3d901"
# Of 4 degrees of freedom one in a thousand is larger. The seed is fixed, and with it the number that is compared.
CHI_SQUARE_999_OF_4 = 18.467
SHARES = st.lists(st.fractions(min_value=0, max_value=Fraction(1, 6), max_denominator=40), max_size=6)


@given(SHARES)
def test_pitfall_43_the_odds_of_all_prizes_and_of_nothing_sum_to_one(odds: list[Fraction]) -> None:
    table = table_of(odds)
    hits = Counter(prize_of(number, table) for number in range(min(table.out_of, 50_000)))
    if table.out_of <= 50_000:
        assert [Fraction(hits[place], table.out_of) for place in range(len(odds))] == odds
        assert Fraction(hits[None], table.out_of) == 1 - sum(odds, Fraction())
    assert [Fraction(part, table.out_of) for part in table.parts] == odds


def test_pitfall_43_no_number_draws_an_error_and_none_outside_draws_anything() -> None:
    table = table_of([Fraction(1, 4), Fraction(3, 4)])
    assert [prize_of(number, table) for number in range(4)] == [0, 1, 1, 1]
    for number in (-1, 4):
        with pytest.raises(WotuError) as refused:
            prize_of(number, table)
        assert refused.value.field == "number"


def test_pitfall_43_a_million_draws_follow_the_published_odds() -> None:
    odds = [Fraction(1, 1_000), Fraction(1, 50), Fraction(15, 100), Fraction(3, 10)]
    table, draws = table_of(odds), 1_000_000
    hits = Counter(prize_of(number_of(SEED, draw_label(each), table.out_of), table) for each in range(draws))
    shares: list[tuple[int | None, Fraction]] = [*enumerate(odds), (None, 1 - sum(odds))]
    square = sum((hits[place] - draws * share) ** 2 / (draws * share) for place, share in shares)
    assert float(square) < CHI_SQUARE_999_OF_4
    assert sum(hits.values()) == draws


def test_a_draw_is_reckoned_again_from_the_seed_that_was_promised() -> None:
    assert commitment(SEED) == hashlib.sha256(SEED.encode()).hexdigest()
    assert [number_of(SEED, "draw:1", 100), number_of(SEED, "draw:1", 100)] == [
        number_of(SEED, "draw:1", 10_000) % 100
    ] * 2
    assert {number_of(SEED, draw_label(each), 7) for each in range(200)} == set(range(7))


@pytest.mark.parametrize("text", ["1/50", " 2% ", "0.02", "2 %", "2\uff05"])
def test_odds_are_written_in_several_ways(text: str) -> None:
    assert fraction_of(text) == Fraction(1, 50)


@pytest.mark.parametrize("text", ["", "two", "3/2", "-1%", "1/0", "1e-1000000000", "nan", "0." + "3" * 60])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(WotuError) as refused:
        fraction_of(text)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_ARGUMENT, "odds")


@pytest.mark.parametrize(
    "odds", [[Fraction(2, 3), Fraction(1, 2)], [Fraction(-1, 2)], [Fraction(1, 10**9), Fraction(1, 7)]]
)
def test_odds_above_one_or_too_fine_are_refused(odds: list[Fraction]) -> None:
    with pytest.raises(WotuError) as refused:
        table_of(odds)
    assert refused.value.field == "odds"


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 30)), max_size=4),
    st.text("0123456789abcdef", min_size=16, max_size=32),
)
def test_each_ticket_is_released_within_its_window_and_the_same_seed_releases_the_same(
    given_windows: list[tuple[int, int, int]], seed: str
) -> None:
    windows = [Window(starts=start, ends=start + length, pieces=pieces) for start, length, pieces in given_windows]
    times = release_times(windows, seed=seed, label="prize:0")
    assert times == release_times(windows, seed=seed, label="prize:0") == tuple(sorted(times))
    expected: list[int] = []
    for each in windows:
        for piece in range(each.pieces):
            length = each.ends - each.starts
            expected.append(each.starts + length * piece // each.pieces)
    assert len(times) == len(expected)
    # Never before its part of the window, never after the window.
    assert all(time >= first for time, first in zip(times, sorted(expected), strict=True))
    assert not times or max(times) <= max(max(each.ends - 1, each.starts) for each in windows)


def test_a_day_is_one_of_the_shop() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    [window] = by_day({date(2026, 3, 8): 5}, zone)
    assert window.starts == to_micros(datetime(2026, 3, 7, 16, tzinfo=UTC))
    assert (window.ends - window.starts, window.pieces) == (24 * 3600 * 1_000_000, 5)


def test_what_is_promised_is_released_while_it_can_be_won() -> None:
    starts, ends = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
    check_windows(evenly(5, starts, ends), 5, starts, ends)
    for windows in (
        evenly(4, starts, ends), evenly(5, starts, datetime(2026, 3, 12, tzinfo=UTC)),
        evenly(5, datetime(2026, 2, 1, tzinfo=UTC), ends), evenly(5, ends, ends), evenly(5, ends, starts),
    ):  # fmt: skip
        with pytest.raises(WotuError) as refused:
            check_windows(windows, 5, starts, ends)
        assert refused.value.field == "release"


ORDER = ChanceRule(rule_id="order", by="order", at_least=9_900, chances=2)


@pytest.mark.parametrize(
    ("rule", "done", "chances"),
    [
        (ORDER, Deed(by="order", currency="CNY", amount=9_900), 2),
        (ORDER, Deed(by="order", currency="CNY", amount=9_899), 0),
        (ORDER, Deed(by="order", currency="USD", amount=9_900), 0),
        (ORDER, Deed(by="recharge", currency="CNY", amount=9_900), 0),
        (ChanceRule(rule_id="w", by="order", paid_with="wechat"), Deed(by="order", paid_with="WeChat"), 1),
        (ChanceRule(rule_id="w", by="order", paid_with="wechat"), Deed(by="order", paid_with="alipay"), 0),
        (ChanceRule(rule_id="c", by="order", template=3), Deed(by="order", templates=frozenset({3})), 1),
        (ChanceRule(rule_id="c", by="order", template=3), Deed(by="order", templates=frozenset({4})), 0),
        (ChanceRule(rule_id="r", by="recharge", at_least=1), Deed(by="recharge", currency="CNY", amount=1), 1),
        (ChanceRule(rule_id="s", by="share"), Deed(by="share", channel="mini_program"), 1),
        (ChanceRule(rule_id="s", by="share"), Deed(by="share", channel="link"), 0),
    ],
)
def test_a_deed_earns_by_what_it_was(rule: ChanceRule, done: Deed, chances: int) -> None:
    assert earned(rule, done, currency="CNY") == chances


@given(st.integers(0, 20), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 25)), max_size=3))
def test_no_cap_is_passed(chances: int, caps: list[tuple[int, int]]) -> None:
    left = within(chances, caps)
    assert 0 <= left <= chances
    assert all(left == 0 or so_far + left <= most for most, so_far in caps)


@pytest.mark.parametrize(
    "rules",
    [
        [ORDER, ORDER], [ChanceRule(rule_id="", by="visit")], [ChanceRule(rule_id="x", by="visit", chances=0)],
        [ChanceRule(rule_id="x", by="visit", most=0)], [ChanceRule(rule_id="x", by="visit", paid_with="cash")],
        [ChanceRule(rule_id="x", by="order", at_least=-1)], [ChanceRule(rule_id="x", by="given")],
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused(rules: list[ChanceRule]) -> None:
    with pytest.raises(WotuError) as refused:
        check_rules(rules)
    assert refused.value.code == ErrorCode.INVALID_ARGUMENT


PRIZE = law.PrizeFacts(pieces=3, value=9_900, windows=((0, 10),))
FACTS = law.LotteryFacts(
    currency="CNY", prizes=[PRIZE], sponsor="Shop", contact="400", terms="Claim in the shop.",
    claim_until=datetime(2026, 4, 1, tzinfo=UTC),
)  # fmt: skip
YUAN = 100


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (FACTS, []),
        (replace(FACTS, sponsor=" "), ["sponsor_missing"]),
        (replace(FACTS, contact=""), ["sponsor_missing"]),
        (replace(FACTS, terms="\n"), ["terms_missing"]),
        (replace(FACTS, claim_until=None), ["claim_time_missing"]),
        (replace(FACTS, prizes=[replace(PRIZE, value=None)]), ["value_missing"]),
        (replace(FACTS, prizes=[replace(PRIZE, value=None, thanks=True), PRIZE]), []),
        (replace(FACTS, prizes=[PRIZE, replace(PRIZE, windows=((5, 10),))]), ["released_apart"]),
        (replace(FACTS, prizes=[replace(PRIZE, value=50_000 * YUAN)]), []),
        (replace(FACTS, prizes=[replace(PRIZE, value=50_000 * YUAN + 1)]), ["prize_too_high"]),
        (replace(FACTS, prizes=[replace(PRIZE, value=50_000 * YUAN + 1)], currency="USD"), []),
        (replace(FACTS, prizes=[replace(PRIZE, value=30_000 * YUAN)], together=2), ["prizes_together_too_high"]),
        (replace(FACTS, prizes=[replace(PRIZE, value=30_000 * YUAN)], together=2, most_wins=1), []),
        (replace(FACTS, prizes=[replace(PRIZE, value=30_000 * YUAN, pieces=1)], together=2), []),
    ],
)
def test_the_law_is_asked_before_the_launch(facts: law.LotteryFacts, codes: list[str]) -> None:
    found = law.findings(facts)
    assert [each.code for each in found] == codes
    assert all(each.blocks and each.field for each in found)
    sources = [law_ for each in found for law_ in each.laws]
    assert [(each.name.zh, each.since) for each in sources] == [("规范促销行为暂行规定", date(2020, 12, 1))] * len(
        codes
    )
