"""The points mall under many hands at once, while its items change, and when the process is killed in the middle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests import forked
from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has
from tests.loyalty.crashing_mall import take

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.proof import differences
from wotu.loyalty.models import MallRedemption
from wotu.loyalty.programme import mall_reads, mall_services

HANDS = 40


def redeem(item: int, customer: int = 7, key: str = "k") -> mall_services.Taken:
    return mall_services.redeem_item(item, customer, key=key, now=NOW, zone=ZONE)


def change(item: int, **given: Any) -> bool:
    values = {"name": "Mug", "points": 60, "stock": 2, "per_customer": None, "now": NOW, **given}
    return mall_services.change_item(item, **values)


def refusal(item: int, customer: int = 7, key: str = "k") -> tuple[str, str | None, object]:
    with pytest.raises(WotuError) as refused:
        redeem(item, customer, key)
    return refused.value.code, refused.value.field, refused.value.given.get("refusal")


@pytest.mark.django_db(transaction=True)
def test_pitfall_34_of_forty_hands_as_many_have_a_piece_as_there_are() -> None:
    club()
    for customer in range(HANDS):
        buy(f"o{customer}", customer, cart(("pot", 1, 10_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=3)
    together = Barrier(HANDS)

    def tap(customer: int) -> str:
        try:
            together.wait(60)
            redeem(item, customer, f"k{customer}")
        except WotuError as error:
            return str(error.given["refusal"])
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(HANDS) as hands:
        told = sorted(hands.map(tap, range(HANDS)))

    assert told == ["none_left"] * (HANDS - 3) + ["taken"] * 3
    assert sum(has(customer) for customer in range(HANDS)) == HANDS * 100 - 3 * 60
    [row] = mall_reads.items("club")
    assert (row.left, row.taken, MallRedemption.objects.count(), differences()) == (0, 3, 3, ())


@pytest.mark.django_db(transaction=True)
def test_pitfall_26_forty_deliveries_of_one_key_take_it_once() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=9, per_customer=2)
    together = Barrier(HANDS)

    def tap(_number: int) -> bool:
        try:
            together.wait(60)
            return redeem(item).repeated
        finally:
            connection.close()

    with ThreadPoolExecutor(HANDS) as hands:
        repeated = sorted(hands.map(tap, range(HANDS)))

    assert repeated == [False] + [True] * (HANDS - 1)
    assert (has(7), mall_reads.item(item).left, differences()) == (940, 8, ())


@pytest.mark.django_db
def test_an_item_changes_and_who_has_it_keeps_it_at_what_they_paid() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=2)
    taken = redeem(item)
    assert change(item, name=" Cup ", points=10, stock=3)
    assert not change(item, name="Cup", points=10, stock=3)
    row = mall_reads.item(item)
    assert (row.name, row.points, row.stock, row.left, row.taken) == ("Cup", 10, 3, 2, 1)
    assert mall_services.cancel_redemption(taken.redemption, now=NOW)
    assert (has(7), mall_reads.item(item).left, mall_reads.item(item).taken) == (1_000, 3, 0)
    assert change(item, name="Cup", points=10, stock=0)
    assert refusal(item, key="other") == (ErrorCode.LIMIT_REACHED, "item", "none_left")
    assert differences() == ()


@pytest.mark.django_db
def test_a_cap_that_comes_later_counts_what_was_taken_before() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=9)
    first = redeem(item, key="a")
    redeem(item, key="b")
    change(item, stock=9, per_customer=2)
    assert refusal(item, key="c")[2] == "customer_limit"
    assert mall_services.cancel_redemption(first.redemption, now=NOW)
    assert not redeem(item, key="d").repeated
    assert refusal(item, key="e")[2] == "customer_limit"
    assert (has(7), differences()) == (880, ())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [({"stock": 0}, "stock"), ({"stock": None}, "stock"), ({"stock": -1}, "stock"), ({"points": 0}, "points"),
     ({"points": 10**16}, "points"), ({"name": "  "}, "name"), ({"per_customer": 2**31}, "per_customer")],
)  # fmt: skip
def test_a_change_that_cannot_be_changes_nothing(given: dict[str, Any], field: str) -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=2)
    redeem(item)
    before = mall_reads.item(item)
    with pytest.raises(WotuError) as refused:
        change(item, **given)
    assert (refused.value.field, mall_reads.item(item), differences()) == (field, before, ())


@pytest.mark.django_db
def test_what_is_no_longer_offered_is_not_taken_and_what_was_taken_is_answered() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW)
    redeem(item, key="a")
    assert mall_services.offer_item(item, offered=False)
    assert not mall_services.offer_item(item, offered=False)
    assert refusal(item, key="b") == (ErrorCode.NOT_FOUND, "item", "not_offered")
    assert redeem(item, key="a").repeated
    assert mall_services.offer_item(item, offered=True)
    assert not redeem(item, key="b").repeated
    with pytest.raises(WotuError):
        mall_services.offer_item(item + 1, offered=True)
    assert has(7) == 880


@pytest.mark.django_db
def test_an_item_is_not_taken_for_more_points_than_the_customer_was_told() -> None:
    club()
    buy("o1", 7, cart(("pot", 1, 100_000)))
    item = mall_services.create_item("Mug", 60, now=NOW, stock=2)
    change(item, points=61)
    with pytest.raises(WotuError) as refused:
        mall_services.redeem_item(item, 7, key="k", now=NOW, zone=ZONE, points=60)
    assert (refused.value.given["refusal"], has(7), MallRedemption.objects.count()) == ("price_changed", 1_000, 0)
    change(item, points=50)
    assert mall_services.redeem_item(item, 7, key="k", now=NOW, zone=ZONE, points=60).points == 50
    assert has(7) == 950


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.django_only
@pytest.mark.parametrize("point", ["ledger-posted", "loyalty-item-taken"])
def test_pitfall_35_killed_between_points_and_piece_nothing_is_taken_and_the_retry_takes_it_once(
    make_prepared: Callable[..., Any], point: str
) -> None:
    made = make_prepared(timezone="Asia/Shanghai", currency="CNY")
    assert forked.told(take, made.path) == "900 2 0\n"
    forked.killed(point, take, made.path, "k")
    assert forked.told(take, made.path) == "900 2 0\n"
    assert [forked.told(take, made.path, "k") for _ in range(2)] == ["840 1 0\n"] * 2


@pytest.mark.django_db
def test_points_held_for_an_item_are_those_that_end_first() -> None:
    club(expiry="days", expiry_count=30)
    buy("o1", 7, cart(("pot", 1, 10_000)), at=NOW - timedelta(days=20))
    buy("o2", 7, cart(("pot", 1, 10_000)))
    taken = redeem(mall_services.create_item("Mug", 60, now=NOW))
    from wotu.ledger import reads

    assert [each.remaining for each in reads.lots(7, "points")] == [40, 100]
    mall_services.cancel_redemption(taken.redemption, now=NOW)
    assert [each.remaining for each in reads.lots(7, "points")] == [100, 100]
