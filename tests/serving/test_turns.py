"""Writers of one process take turns at SQLite: in the order of asking, and no turn is lost."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.console.site import configure

configure()

from django.db import IntegrityError, OperationalError, connection, transaction  # noqa: E402
from django.db.utils import ConnectionHandler  # noqa: E402

from wotu.site.sqlite.turns import Place, Turns, turns_of  # noqa: E402

pytestmark = [
    pytest.mark.django_only,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the queue is SQLite's"),
]
OTHER_PROCESS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
for number in range(200):
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO counted (n) VALUES (-1)")
    other.execute("COMMIT")
"""


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def _sql(statement: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if statement.startswith("SELECT") else []


def _in_threads(most: int, work: Callable[[int], None]) -> None:
    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(most) as threads:
        list(threads.map(run, range(most)))


@pytest.fixture
def counted(transactional_db: None) -> Iterator[None]:
    """A table to write to."""
    _sql("CREATE TABLE counted (id integer PRIMARY KEY, n integer NOT NULL)")
    yield
    _sql("DROP TABLE counted")


def test_turns_come_in_the_order_of_asking() -> None:
    turns, first, order = Turns(), Place(), []
    assert turns.take(first, 1)

    def ask(number: int) -> None:
        place = Place()
        assert turns.take(place, 60)
        order.append(number)
        turns.give_back(place)

    threads = []
    for number in range(50):
        threads.append(threading.Thread(target=ask, args=(number,)))
        threads[-1].start()
        _wait_until(lambda asked=number + 1: turns.waiting == asked)
    turns.give_back(first)
    for thread in threads:
        thread.join()
    assert order == list(range(50))


def test_who_waits_too_long_leaves_the_queue() -> None:
    turns, first, late, next_one = Turns(), Place(), Place(), Place()
    assert turns.take(first, 1)
    assert not turns.take(late, 0.01)
    assert (turns.waiting, late.has_turn) == (0, False)
    turns.give_back(late)
    assert first.has_turn
    turns.give_back(first)
    assert turns.take(next_one, 0)


def test_a_place_that_is_forgotten_gives_up_its_turn() -> None:
    turns, first, waiting = Turns(), Place(), Place()
    assert turns.take(first, 1)
    thread = threading.Thread(target=turns.take, args=(waiting, 60))
    thread.start()
    _wait_until(lambda: turns.waiting == 1)
    del first
    gc.collect()
    thread.join(30)
    assert waiting.has_turn


def test_any_thread_may_give_a_turn_back() -> None:
    turns, place = Turns(), Place()
    assert turns.take(place, 1)
    thread = threading.Thread(target=turns.give_back, args=(place,))
    thread.start()
    thread.join()
    assert turns.take(Place(), 0)


def test_two_hundred_threads_and_another_process_write(counted: None) -> None:
    """Transactions, transactions within, statements alone and failures, all at once: nobody is told of a lock."""
    path = str(connection.settings_dict["NAME"])
    other = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, path])

    def write(number: int) -> None:
        for _ in range(3):
            with transaction.atomic():
                _sql("SELECT count(*) FROM counted")
                with transaction.atomic():
                    _sql(f"INSERT INTO counted (n) VALUES ({number})")
            _sql(f"INSERT INTO counted (n) VALUES ({number})")
            with pytest.raises(IntegrityError), transaction.atomic():
                _sql("INSERT INTO counted (n) VALUES (NULL)")
            with pytest.raises(IntegrityError):
                _sql("INSERT INTO counted (n) VALUES (NULL)")

    _in_threads(200, write)
    assert other.wait(60) == 0
    assert _sql("SELECT count(*) FROM counted WHERE n >= 0") == [(1200,)]
    assert _sql("SELECT count(*) FROM counted WHERE n < 0") == [(200,)]
    assert turns_of(path).waiting == 0
    assert turns_of(path).take(Place(), 0)


def test_transactions_are_served_in_the_order_of_asking(counted: None) -> None:
    turns = turns_of(str(connection.settings_dict["NAME"]))

    def write(number: int) -> None:
        _wait_until(lambda: turns.waiting == number)
        with transaction.atomic():
            _sql(f"INSERT INTO counted (n) VALUES ({number})")

    with transaction.atomic():
        writing = threading.Thread(target=_in_threads, args=(20, write))
        writing.start()
        _wait_until(lambda: turns.waiting == 20)
    writing.join()
    assert [n for (n,) in _sql("SELECT n FROM counted ORDER BY id")] == list(range(20))


def test_closing_ends_the_turn(counted: None) -> None:
    other = ConnectionHandler({"default": connection.settings_dict})["default"]
    other.inc_thread_sharing()
    other.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    closing = threading.Thread(target=other.close)
    closing.start()
    closing.join()
    _sql("INSERT INTO counted (n) VALUES (1)")
    assert _sql("SELECT n FROM counted") == [(1,)]


def test_whoever_gets_no_turn_is_told_as_sqlite_tells(counted: None) -> None:
    impatient = {**connection.settings_dict, "OPTIONS": {**connection.settings_dict["OPTIONS"], "timeout": 0.01}}
    other = ConnectionHandler({"default": impatient})["default"]
    with transaction.atomic():
        _sql("INSERT INTO counted (n) VALUES (1)")
        with pytest.raises(OperationalError, match="locked"), other.cursor() as cursor:
            cursor.execute("INSERT INTO counted (n) VALUES (2)")
    other.close()
    assert _sql("SELECT n FROM counted") == [(1,)]
