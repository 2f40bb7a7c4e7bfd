"""Many who draw at the same moment, and a process that is killed while it draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests import forked
from tests.loyalty.clubs import NOW, club, has
from tests.loyalty.drawing import draw
from tests.loyalty.lotteries import goods, launched, points

from wotu.ledger.proof import differences
from wotu.loyalty.lottery import chance_services, draw_services, reads, services
from wotu.loyalty.lottery.choices import Outcome
from wotu.loyalty.models import Draw, Ticket, Win

CLIENTS = 40


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def at_once(taps: list[tuple[int, str]]) -> list[draw_services.Drawn]:
    """Each (customer, key) draws at the same moment, after their chance was given."""
    for customer, key in dict.fromkeys(taps):
        chance_services.give("wheel", customer, key=f"{customer}:{key}", now=NOW)
    together = Barrier(len(taps))

    def tap(given: tuple[int, str]) -> draw_services.Drawn:
        try:
            together.wait(60)
            return draw_services.draw("wheel", given[0], key=given[1], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(taps)) as clients:
        return list(clients.map(tap, taps))


@pytest.mark.django_db(transaction=True)
def test_pitfall_43_the_last_prize_goes_to_exactly_one_of_forty_who_draw_at_once() -> None:
    launched(goods(pieces=1))
    made = at_once([(customer, f"d{customer}") for customer in range(CLIENTS)])
    assert Counter(each.outcome for each in made) == {Outcome.WON: 1, Outcome.NONE_LEFT: CLIENTS - 1}
    [ticket] = Ticket.objects.all()
    assert ticket.draw_id == next(each.draw for each in made if each.win is not None)
    assert sum(has(customer, "chance:wheel") for customer in range(CLIENTS)) == 0
    assert differences() == ()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_over_while_enough_draw_at_once() -> None:
    club()
    launched(points(1, pieces=25))
    made = at_once([(customer, f"d{customer}") for customer in range(CLIENTS)])
    assert Counter(each.outcome for each in made) == {Outcome.WON: 25, Outcome.NONE_LEFT: CLIENTS - 25}
    [prize] = reads.lottery("wheel", NOW).prizes
    assert (prize.made, prize.taken, prize.free, prize.withdrawn) == (25, 25, 0, 0)
    assert sum(has(customer) for customer in range(CLIENTS)) == 25 * 50
    assert differences() == ()


@pytest.mark.django_db(transaction=True)
def test_tapped_many_times_it_is_one_draw() -> None:
    launched(goods(pieces=30))
    made = at_once([(7, "same")] * 16)
    assert len({each.draw for each in made}) == 1
    assert [each.repeated for each in made].count(False) == 1
    assert (Draw.objects.count(), Win.objects.count(), has(7, "chance:wheel")) == (1, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_pitfall_23_a_person_who_draws_often_at_once_wins_no_more_than_one_may() -> None:
    launched(goods(pieces=30), most_wins=2)
    made = at_once([(7, f"d{number}") for number in range(12)])
    assert Counter(each.outcome for each in made) == {Outcome.WON: 2, Outcome.WON_ENOUGH: 10}
    services.end("wheel", now=NOW, because="test")
    [prize] = reads.lottery("wheel", NOW).prizes
    assert (prize.made, prize.taken, prize.free, prize.withdrawn) == (30, 2, 0, 28)


@pytest.mark.crash
@pytest.mark.parametrize(
    ("point", "after"),
    [
        ("ledger-posted", "1 0 0 0 0"), ("loyalty-lottery-drawn", "1 0 0 0 0"),
        ("loyalty-lottery-draw-committed", "0 1 1 1 0"),
    ],
)  # fmt: skip
def test_pitfall_35_a_draw_that_is_killed_is_whole_or_not_at_all(
    make_prepared: Callable[..., Any], point: str, after: str
) -> None:
    path = make_prepared(timezone="Asia/Shanghai").path
    assert forked.told(draw, path) == "1 0 0 0 0\n"
    forked.killed(point, draw, path, "d1")
    assert forked.told(draw, path) == f"{after}\n"
    repeated = point == "loyalty-lottery-draw-committed"
    assert forked.told(draw, path, "d1") == f"{repeated}\n0 1 1 1 0\n"
