"""Codes: none twice, none guessed, all typed in many ways."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.errors import WotuError
from wotu.loyalty.coupons.codes import ALPHABET, BITS, LENGTH, new_codes, normal, written


def test_a_hundred_thousand_codes_in_five_seconds_all_different() -> None:
    began = process_time()
    codes = new_codes(100_000, prefix="SPRING")
    assert process_time() - began < 5
    assert len(set(codes)) == 100_000
    assert {len(code) for code in codes} == {6 + LENGTH}
    assert BITS >= 60


def test_every_character_is_drawn_as_often_as_any_other() -> None:
    counts = Counter("".join(new_codes(20_000)))
    expected = 20_000 * LENGTH / len(ALPHABET)
    chi_square = sum((counts[character] - expected) ** 2 / expected for character in ALPHABET)
    # 30 degrees of freedom: one run in ten million is above.
    assert chi_square < 90


def test_no_character_looks_like_another() -> None:
    assert not set("01ILO") & set(ALPHABET)


@given(st.integers(0, 10_000).map(lambda n: new_codes(1)[0]), st.data())
def test_typed_in_any_way_it_is_the_same_code(code: str, data: st.DataObject) -> None:
    noise = st.sampled_from(["", "", "-", " ", "－", "\u3000", "\u200b", "_", "·"])
    wide = st.sampled_from([str, str.lower, lambda c: chr(ord(c) + 0xFEE0)])
    typed = "".join(data.draw(wide)(character) + data.draw(noise) for character in code)
    assert normal(typed) == code
    assert normal(written(code)) == code


@given(st.text(max_size=64))
def test_the_one_writing_stays_as_it_is(typed: str) -> None:
    code = normal(typed)
    assert code is None or len(code) > 64 or normal(code) == code


@pytest.mark.parametrize("typed", ["", " - ", "\0", "x" * 65, "A" * 1_000_000])
def test_what_can_be_no_code_is_not_looked_up(typed: str) -> None:
    assert normal(typed) is None


@pytest.mark.parametrize(("field", "facts"), [("count", {"count": -1}), ("count", {"count": 10**9}),
                                              ("prefix", {"count": 1, "prefix": "<b>"})])  # fmt: skip
def test_odd_wishes_are_refused_by_name(field: str, facts: dict) -> None:
    with pytest.raises(WotuError) as refused:
        new_codes(**facts)
    assert refused.value.field == field
