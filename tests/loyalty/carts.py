"""Random carts and rules, small enough that equal prices, ties and thresholds exactly reached are common."""

from __future__ import annotations

from hypothesis import strategies as st

from wotu.loyalty.pricing import (
    AmountOff,
    Bundle,
    BuyGet,
    Cart,
    Exchange,
    FlashPrice,
    FreeShipping,
    FullDiscount,
    FullReduction,
    GiftOf,
    LimitedTimePrice,
    Line,
    MemberPrice,
    Percent,
    PointsOff,
    Rule,
    Scope,
    Threshold,
)

PRODUCTS = ("tea", "cup", "pot")
CATEGORIES = ((), ("drink",), ("drink", "green"), ("ware",))
money = st.integers(0, 400)
rates = st.sampled_from([0, 1, 500, 1_500, 3_333, 5_000, 9_999, 10_000])
steps = st.lists(st.integers(1, 500), min_size=1, max_size=3, unique=True).map(sorted)


def lines(most: int = 5) -> st.SearchStrategy[tuple[Line, ...]]:
    line = st.builds(
        Line, line_id=st.sampled_from("abcdefgh"), product_id=st.sampled_from(PRODUCTS), quantity=st.integers(1, 5),
        unit_price=st.integers(0, 200), category=st.sampled_from(CATEGORIES),
    )  # fmt: skip
    return st.lists(line, max_size=most, unique_by=lambda each: each.line_id).map(tuple)


def carts(most: int = 5) -> st.SearchStrategy[Cart]:
    return st.builds(
        Cart, lines=lines(most), now=st.just(100), shipping=st.sampled_from([0, 10, 600]),
        tier=st.sampled_from(["", "gold"]), channel=st.sampled_from(["shop", "app"]), store=st.just("s1"),
    )  # fmt: skip


scopes = st.one_of(
    st.just(Scope()),
    st.builds(
        Scope, products=st.lists(st.sampled_from(PRODUCTS), max_size=2).map(tuple),
        categories=st.lists(st.sampled_from(CATEGORIES[1:]), max_size=1).map(tuple),
        without_products=st.lists(st.sampled_from(PRODUCTS), max_size=1).map(tuple),
    ),
)  # fmt: skip
prices = st.dictionaries(st.sampled_from(PRODUCTS), st.integers(0, 200), max_size=3)
special_prices = st.one_of(
    st.builds(LimitedTimePrice, prices=prices, rate=rates), st.builds(FlashPrice, prices=prices),
    st.builds(MemberPrice, rates=st.fixed_dictionaries({"gold": rates})),
)  # fmt: skip
gifts = st.builds(GiftOf, product_id=st.just("spoon"), quantity=st.integers(1, 2), worth=st.integers(0, 30))
reductions = st.one_of(
    st.builds(Bundle, pieces=st.dictionaries(st.sampled_from(PRODUCTS), st.integers(1, 2), min_size=1), price=money),
    st.builds(BuyGet, buy=st.integers(1, 3), get=st.integers(1, 2), rate=rates, got=st.none() | scopes),
    st.builds(Exchange, price=st.integers(0, 100)),
    st.builds(Percent, rate=rates),
    st.builds(AmountOff, amount=money),
    st.builds(
        FullDiscount, steps=steps.map(lambda s: tuple((at, 1_111 * n) for n, at in enumerate(s))),
        by=st.sampled_from(["amount", "pieces"]),
    ),
    st.builds(FullReduction, steps=steps.map(lambda s: tuple((at, at // 2) for at in s))),
    st.builds(FullReduction, steps=st.tuples(st.tuples(st.integers(1, 300), money)), every=st.just(True)),
    st.builds(PointsOff, points=st.integers(0, 300), worth=st.integers(1, 7), rate=rates),
    st.builds(FreeShipping),
)  # fmt: skip
_common = {
    "scope": scopes,
    "threshold": st.builds(Threshold, amount=st.sampled_from([0, 0, 100, 300]), pieces=st.sampled_from([0, 0, 3])),
    "measured_at": st.sampled_from(["list", "deal", "left"]),
    "group": st.sampled_from(["", "", "coupon", "campaign"]),
    "exclusive": st.sampled_from([False, False, False, True]),
    "priority": st.sampled_from([1, 100]),
    "most_times": st.none() | st.integers(1, 3),
    "channels": st.sampled_from([(), (), (), ("app",)]),
    "starts": st.sampled_from([None, None, 100, 101]),
    "ends": st.sampled_from([None, None, 100, 101]),
    "on_return": st.sampled_from(["full", "per_line", "never"]),
}
rules = st.one_of(
    st.builds(Rule, rule_id=st.sampled_from("123456789"), effect=special_prices | gifts, **_common),
    st.builds(
        Rule, rule_id=st.sampled_from("123456789"), effect=reductions, most_off=st.none() | st.integers(0, 150),
        **_common,
    ),
)  # fmt: skip


def rule_sets(most: int = 5) -> st.SearchStrategy[list[Rule]]:
    return st.lists(rules, max_size=most, unique_by=lambda rule: rule.rule_id)
