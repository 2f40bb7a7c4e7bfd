"""What a symbol says of an event is what the masks say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import WotuError
from wotu.timeline.questions import event_sets
from wotu.timeline.symbols import MOST_SETS, PASSES, symbols

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHERES = ("", 'channel == "微信"', "amount > 3", 'trait.tier == "gold"', 'trait.tier == "gold" and amount > 3',
          'trait.tier is null or channel != "微信"')  # fmt: skip
SETS = (
    "view", "order", ["view", "order"], {"event": "view", "where": "amount > 1"},
    ["order", {"event": "view", "where": 'channel == "抖音"'}], {"event": "order", "where": 'trait.tier == "gold"'},
)  # fmt: skip
events = st.lists(
    st.tuples(
        st.sampled_from("ABC"), st.sampled_from(("view", "order", "search")), st.integers(0, 4),
        st.fixed_dictionaries(
            {}, optional={"channel": st.sampled_from(("微信", "抖音")), "amount": st.integers(0, 5)}
        ),
    ),
    max_size=12,
)  # fmt: skip


@given(events, st.lists(st.sampled_from(SETS), max_size=4), st.sampled_from(WHERES))
def test_symbols_say_what_masks_say(drawn: list, sets: list, where: str) -> None:  # type: ignore[type-arg]
    names = [("A", "view", NOON, 0, {"channel": "微信", "amount": 1}), ("A", "order", NOON, 1, {"channel": "抖音"})]
    more = [
        (who, name, NOON + timedelta(hours=late), seq, held) for seq, (who, name, late, held) in enumerate(drawn, 2)
    ]
    log: list[SeriesEvent] = [*names, *more]  # type: ignore[list-item]
    kinds = {"channel": pa.string(), "amount": pa.float64()}
    with built(log, properties=kinds, traits={"A": {"tier": "gold"}, "B": {"tier": "银"}}) as generation:
        asking = source(generation, now=NOON + timedelta(days=1), zone=SHANGHAI)
        scope, wanted = asking.scope(where=where), event_sets(sets, asking.manifest) if sets else ()
        for shard in generation.shards:
            found = symbols(shard, wanted, scope)
            meaning = found.sets[found.symbol]
            counted = scope.mask(shard)
            kept = found.kept[shard.customer_rows()]
            assert np.array_equal((meaning & PASSES > 0) & kept, counted)
            for number, each in enumerate(wanted):
                belongs = meaning >> np.uint64(number) & np.uint64(1) > 0
                assert np.array_equal(belongs & kept, each.mask(shard, scope.terms) & counted)


def test_without_filters_nothing_is_copied() -> None:
    with built([("A", "view", NOON, 0, {})]) as generation:
        asking = source(generation, now=NOON, zone=SHANGHAI)
        for shard in (each for each in generation.shards if len(each.code)):
            assert np.shares_memory(
                symbols(shard, event_sets("view", asking.manifest), asking.scope()).symbol, shard.code
            )


def test_too_many_sets_are_refused() -> None:
    with built([("A", "view", NOON, 0, {})]) as generation:
        asking = source(generation, now=NOON, zone=SHANGHAI)
        many = event_sets(["view"] * (MOST_SETS + 1), asking.manifest)
        with pytest.raises(WotuError, match="63 are possible"):
            symbols(generation.shards[0], many, asking.scope())


def test_true_and_one_are_different_filters() -> None:
    log: list[SeriesEvent] = [("A", "view", NOON, 0, {"flag": "true"}), ("B", "view", NOON, 1, {"flag": "1"})]
    with built(log, properties={"flag": pa.string()}) as generation:
        asking = source(generation, now=NOON + timedelta(days=1), zone=SHANGHAI)
        sets = event_sets([{"event": "view", "where": f"flag == {value}"} for value in ("true", "1")], asking.manifest)
        found = [symbols(shard, sets, asking.scope()) for shard in generation.shards]
        counted = [
            sum(int((each.sets[each.symbol] >> np.uint64(n) & np.uint64(1)).sum()) for each in found) for n in (0, 1)
        ]
        assert counted == [1, 1]
