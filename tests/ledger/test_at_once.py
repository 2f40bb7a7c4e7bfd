"""Many at the same moment: exact to the last piece, paid once, and nobody sees an error of the database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.conftest import SOAK

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import accounts, hold_services, limit_services, moving_services, services
from wotu.ledger.choices import Owner
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.models import Account, Hold, Posting, Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=15)
Outcomes = Counter[str]


def clients() -> int:
    if not SOAK:
        return 40
    return 1_000 if connection.vendor == "postgresql" else 200


def together(number: int, act: Callable[[int], object]) -> Outcomes:
    """So many clients at the same moment, each with a connection as a web request has: what they were told.

    Whatever is no refusal of ours is raised.
    """
    ready = threading.Barrier(number)

    def client(place: int) -> str:
        ready.wait()
        try:
            return "repeated" if getattr(act(place), "repeated", False) else "done"
        except WotuError as refused:
            return refused.code.value
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return Counter(threads.map(client, range(number)))


def cause(event: str, effect: str = "move") -> Cause:
    return Cause("sale", 1, event, "buyer", effect)


def limit(total: int) -> int:
    return limit_services.open_limit(cause("limit", "open"), unit="points", owner=1, total=total, now=NOW)


def give(customer: int, amount: int) -> services.Receipt:
    return services.grant(cause(f"start:{customer}"), customer=customer, unit="points", amount=amount, now=NOW)


def take(event: str, customer: int, amount: int) -> services.Receipt:
    return services.spend(cause(event), customer=customer, unit="points", amount=amount, now=NOW)


def balance(customer: int) -> int:
    found = Account.objects.filter(owner=customer, owner_kind=Owner.CUSTOMER)
    return sum(found.values_list("balance", flat=True))


@pytest.fixture(autouse=True)
def _agrees(points: str):
    yield
    assert differences() == ()


@pytest.mark.parametrize("total", [1, 37])
def test_pitfalls_01_02_34_a_limit_gives_exactly_itself_and_the_last_piece_to_one(total: int) -> None:
    account = limit(total)

    told = together(
        clients(), lambda n: limit_services.spend_limit(cause(f"order:{n}"), account, 1, unit="points", now=NOW)
    )

    refused = clients() - min(total, clients())
    assert told == Counter({"done": min(total, clients()), ErrorCode.LIMIT_REACHED.value: refused}) - Counter()
    assert limit_services.room(account).used == min(total, clients())


def test_pitfalls_26_31_one_cause_delivered_twenty_times_pays_once() -> None:
    told = together(20, lambda _: give(7, 100))

    assert told == {"done": 1, "repeated": 19}
    assert (balance(7), Posting.objects.count()) == (100, 2)


def test_pitfalls_11_37_parallel_debits_never_exceed_the_balance() -> None:
    give(7, 100)

    told = together(clients(), lambda n: take(f"order:{n}", 7, 7))

    assert told == {"done": 14, ErrorCode.INSUFFICIENT_BALANCE.value: clients() - 14}
    assert balance(7) == 2


def test_pitfall_40_a_double_tap_holds_once() -> None:
    account = limit(5)

    def hold(_: int) -> object:
        return hold_services.hold_limit("cart:1", account=account, amount=5, until=SOON, now=NOW)

    assert together(20, hold) == {"done": 20}
    assert limit_services.room(account).held == 5
    assert together(20, lambda _: hold_services.capture(cause("pay"), "cart:1", now=NOW)) == {"done": 1, "repeated": 19}


def test_holds_of_many_owners_keep_no_more_than_there_is_and_end_once() -> None:
    account = limit(20)

    def hold(place: int) -> object:
        return hold_services.hold_limit(f"cart:{place}", account=account, amount=2, until=SOON, now=NOW)

    assert together(clients(), hold) == {"done": 10, ErrorCode.LIMIT_REACHED.value: clients() - 10}
    keys = list(Hold.objects.filter(state="held").values_list("key", flat=True))

    def end(place: int) -> object:
        # Four at each hold: two want to pay, two to give it back.
        key, way = keys[place // 4], place % 4
        return (
            hold_services.release(key, now=NOW)
            if way < 2
            else hold_services.capture(cause(f"{key}:{way}"), key, now=NOW)
        )

    together(40, end)
    room = limit_services.room(account)
    assert (room.held, room.used) == (0, 2 * Transfer.objects.filter(event__startswith="cart:").count())


def test_holds_of_one_balance_never_exceed_it() -> None:
    give(7, 100)

    def hold(place: int) -> object:
        return hold_services.hold(f"cart:{place}", customer=7, unit="points", amount=30, until=SOON, now=NOW)

    assert together(20, hold) == {"done": 3, ErrorCode.INSUFFICIENT_BALANCE.value: 17}


def test_merges_in_every_direction_lose_nothing_while_others_spend_and_reverse() -> None:
    earned = [give(customer, 1_000).transfer for customer in (1, 2, 3)]

    def move(place: int) -> object:
        one, other = 1 + place % 3, 1 + (place // 3) % 3
        match place % 4:
            case 0:
                return moving_services.merge_customers(cause(f"merge:{place}"), one, other, now=NOW)
            case 1:
                return take(f"order:{place}", one, 1)
            case 2:
                return services.reverse_grant(cause(f"back:{place}"), earned[place % 3], now=NOW, amount=1)
            case _:
                return services.grant(cause(f"gift:{place}"), customer=one, unit="points", amount=1, now=NOW)

    told = together(40, move)

    assert set(told) <= {"done", ErrorCode.INSUFFICIENT_BALANCE.value}
    spent = Transfer.objects.filter(event__startswith="order:").count()
    assert sum(balance(customer) for customer in (1, 2, 3)) == 3_000 - spent


def test_of_two_that_wait_for_each_other_one_begins_again() -> None:
    """Each has one customer's account and wants the other's: PostgreSQL stops one of them."""
    give(1, 10)
    give(2, 10)
    met, turns = threading.Barrier(2, timeout=20), Counter[int]()

    @again_after_deadlock
    def move(place: int) -> None:
        turns[place] += 1
        with transaction.atomic():
            accounts.lock(1 + place, "points")
            if turns[place] == 1 and connection.vendor == "postgresql":
                met.wait()
            take(f"order:{place}", 2 - place, 5)

    assert together(2, move) == {"done": 2}
    assert (balance(1), balance(2)) == (5, 5)
    assert turns.total() == (3 if connection.vendor == "postgresql" else 2)
