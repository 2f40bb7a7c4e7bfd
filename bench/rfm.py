"""RFM, the customers list and the customer page over many customers and orders.

Orders are written straight into the lake, with the identity rows that make every customer known. Peers in
the same run: DuckDB SQL and Polars, the same definition over the same Parquet files loaded into memory.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rfm_peers as peers
from made_data import workspace, write_orders
from measuring import Json, Stopwatch, alone, best
from reporting import arguments, finish, ratio, temporary
from timelines import STAGES

import wotu.timeline.build as building
from wotu.core.layout import Layout
from wotu.identity.resolver import Resolver
from wotu.lake.messages import Lake
from wotu.score.rfm import rfm
from wotu.settle.rows import identity_state
from wotu.workspace import Workspace

PAGES = 50


def make(root: Path, orders: int, customers: int) -> Json:
    """Write the lake."""
    write_orders(Lake(workspace(root).lake), orders=orders, customers=customers)
    return {}


def build(root: Path) -> Json:
    """Identity files and timelines from the lake, timed by stage."""
    layout, watch = Layout(root), Stopwatch()
    lake = Lake(layout.lake)
    with watch.stage("identity"):
        resolver = Resolver.empty(layout.identity)
        resolver.restore(*identity_state(lake))
        resolver.save(lake.last_seq())
    watch.watch(building, STAGES)
    with watch.stage("timelines"):
        building.build(lake, resolver.customers(), layout.timelines, currency="CNY")
    stages = watch.rounded()
    whole = {name: stages.pop(name) for name in ("identity", "timelines")}
    return whole | {"stages": stages, "stages_cpu": watch.rounded_cpu()}


def questions(root: Path) -> Json:
    """RFM, cold (the first question of a process) and warm."""
    start = time.perf_counter()
    ask = Workspace.open(root)
    answer = ask.rfm()
    found: Json = {"cold": round(time.perf_counter() - start, 4)}
    # Not through the workspace, which remembers answers.
    warm, _ = best(lambda: rfm(ask.source()))
    found |= {"warm": warm, "sizes": {segment.key: segment.customers for segment in answer.segments}}
    found["as_of"] = answer.as_of.isoformat()
    return found


def lists(root: Path, customers: int) -> Json:
    """The customers list: the first call, which makes its arrays, then milliseconds of the usual ones."""
    ask = Workspace.open(root)
    ask.rfm()
    asked: dict[str, Callable[[], object]] = {
        "first_page": ask.customers,
        "page_1000": lambda: ask.customers(offset=999 * 50),
        "by_segment": lambda: ask.customers(segment="important_winback"),
        "search": lambda: ask.customers(f"u{customers // 3}"),
        "sorted_by_last_order": lambda: ask.customers(sort="-last_order"),
    }
    found: Json = {}
    for name, question in asked.items():
        cold, _ = best(question, 1)
        warm, _ = best(question, 5)
        found[name] = {"first_ms": round(cold * 1e3, 1), "warm_ms": round(warm * 1e3, 1)}
    return found


def pages(root: Path, customers: int) -> Json:
    """The customer page (profile, orders, timeline) of random customers, in milliseconds."""
    ask = Workspace.open(root)
    numbers = np.random.default_rng(3).integers(0, customers, PAGES + 1).tolist()
    taken = []
    for number in numbers:
        start = time.perf_counter()
        ask.customer(f"user_id:u{number}")
        ask.orders_of(f"c{number}")
        ask.timeline_of(f"c{number}")
        taken.append((time.perf_counter() - start) * 1e3)
    warm = np.array(taken[1:])
    return {
        "first_ms": round(taken[0], 1),
        "median_ms": round(float(np.median(warm)), 2),
        "p95_ms": round(float(np.quantile(warm, 0.95)), 2),
    }


def measure(orders: int, customers: int) -> Json:
    """All of it."""
    with temporary() as folder:
        result: Json = {"orders": orders, "customers": customers, "made": alone(make, folder, orders, customers)}
        result["build"] = alone(build, folder)
        result["wotu"] = alone(questions, folder)
        result["lists"] = alone(lists, folder, customers)
        result["page"] = alone(pages, folder, customers)
        as_of, lake = result["wotu"].get("as_of", ""), Layout(folder).lake
        result["duckdb"] = alone(peers.duckdb_rfm, lake, folder / "duckdb", as_of)
        result["polars"] = alone(peers.polars_rfm, lake, as_of)
    own = result["wotu"].get("sizes")
    result["equal"] = {f"segments {peer}": result[peer].get("sizes") == own for peer in ("duckdb", "polars")}
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    own, duck, polars = result["wotu"], result["duckdb"], result["polars"]
    sizes = f"{result['customers'] / 1e6:g} M customers, {result['orders'] / 1e6:g} M orders"
    warm = [part["warm"] for part in (own, duck, polars)]
    rows = [["what", "Wotu", "DuckDB", "Polars", "fastest peer ÷ Wotu"]]
    rows.append([f"RFM, {sizes}", *(f"{s:.2f} s" for s in warm), ratio(min(warm[1:]), warm[0])])
    for name, part in result["lists"].items():
        if isinstance(part, dict):
            rows.append([f"customers list: {name.replace('_', ' ')}", f"{part['warm_ms']:.0f} ms", "", "", ""])
    page = result["page"]
    rows.append(["customer page, median / p95", f"{page['median_ms']:.0f} / {page['p95_ms']:.0f} ms", "", "", ""])
    return rows


if __name__ == "__main__":
    options = arguments(__doc__, orders=20_000_000, customers=1_000_000)
    sys.exit(finish("rfm", measure(options.orders, options.customers), table, options))
