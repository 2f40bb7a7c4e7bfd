"""Questions about behaviour at size: Wotu and the best forms of ClickHouse, DuckDB, Polars and retentioneering.

The same made-up events are written into the lake; each program orders them by customer and time in its own way and
answers the same questions in a process of its own, with two threads. Every repetition asks with another parameter, so
that no answer is remembered; the median counts. Answers of all repetitions are compared.
"""

from __future__ import annotations

import sys
from pathlib import Path

import behaviour_wotu as wotu
import numpy as np
from behaviour_asked import REPETITIONS, same
from behaviour_clickhouse import clickhouse_all
from behaviour_duckdb import duckdb_all
from behaviour_polars import polars_all
from behaviour_retentioneering import retentioneering_all
from made_data import workspace, write_events
from measuring import Json, alone
from reporting import arguments, finish, ratio, temporary

from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.timeline.build import build

PEERS = ("clickhouse", "duckdb", "polars")
_PER_CUSTOMER = 25
_SMALL = 100_000
_LINEAR = (1_000_000, 10_000_000, 100_000_000)


def make(root: Path, events: int, customers: int, in_order: bool) -> Json:
    """Write the lake and build the timelines."""
    layout = workspace(root)
    lake = Lake(layout.lake)
    write_events(lake, events=events, customers=customers, in_order=in_order)
    build(lake, np.arange(customers), layout.timelines, currency="CNY")
    return {}


def measure(events: int, customers: int, *, in_order: bool, repetitions: int = REPETITIONS) -> Json:
    """Wotu, then every peer."""
    with temporary() as folder:
        root = folder / "workspace"
        result: Json = {"events": events, "customers": customers, "in_order": in_order}
        result["made"] = alone(make, root, events, customers, in_order)
        result["first"] = alone(wotu.first_question, root)
        result["wotu"] = alone(wotu.wotu_all, root, repetitions)
        result["threads"] = alone(wotu.threads, root, repetitions)
        lake = Layout(root).lake
        result["clickhouse"] = alone(clickhouse_all, lake, folder / "clickhouse", repetitions)
        result["duckdb"] = alone(duckdb_all, lake, folder / "duckdb", repetitions)
        result["polars"] = alone(polars_all, lake, repetitions)
        result["retentioneering"] = small(folder / "small", repetitions)
    return _compared(result)


def small(root: Path, repetitions: int) -> Json:
    """The funnel without a window beside retentioneering's."""
    alone(make, root, _SMALL, _SMALL // _PER_CUSTOMER, True)
    own = alone(wotu.funnel_without_window, root, repetitions)
    peer = retentioneering_all(Layout(root).lake, wotu.STEP_NAMES, repetitions)
    equal = own.pop("rows")[0] == [peer["rows"]] if "rows" in peer else None
    return peer | {"events": _SMALL, "wotu": own["seconds"], "same": equal}


def linear(sizes: tuple[int, ...], *, in_order: bool) -> Json:
    """The ordered funnel of Wotu at several sizes."""
    found: Json = {}
    for events in sizes:
        with temporary() as folder:
            alone(make, folder, events, events // _PER_CUSTOMER, in_order)
            answered = alone(wotu.wotu_all, folder, REPETITIONS, ("funnel_full",))
        found[str(events)] = answered["funnel_full"]["seconds"]
    return found


def _compared(result: Json) -> Json:
    """Are the answers equal? The rows themselves are then left out."""
    result["equal"] = {}
    for peer in PEERS:
        for question, own in result["wotu"].items():
            other = result[peer].get(question) if isinstance(own, dict) else None
            if other is not None:
                result["equal"][f"{question} {peer}"] = same(own["rows"], other["rows"])
    if "rows" in result["retentioneering"]:
        result["equal"]["funnel retentioneering"] = result["retentioneering"].pop("same")
    for part in ("wotu", *PEERS):
        for value in result[part].values():
            if isinstance(value, dict):
                value.pop("rows", None)
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    rows = [["question", "Wotu", "ClickHouse", "DuckDB", "Polars", "ClickHouse ÷ Wotu"]]
    for question, own in result["wotu"].items():
        if not isinstance(own, dict):
            continue
        peers = [result[peer].get(question, {}).get("seconds") for peer in PEERS]
        cells = ["" if seconds is None else f"{seconds:.3f} s" for seconds in (own["seconds"], *peers)]
        rows.append([question.replace("_", " "), *cells, ratio(peers[0], own["seconds"]) if peers[0] else ""])
    sorting = [result["made"]["seconds"], *(result[peer]["sort"] for peer in PEERS)]
    rows.append(["make and order the events", *(f"{seconds:.1f} s" for seconds in sorting), ""])
    peaks = [result[part]["peak_own_mb"] / 1024 for part in ("wotu", *PEERS)]
    rows.append(["peak memory of its own", *(f"{peak:.1f} GB" for peak in peaks), ""])
    return rows


if __name__ == "__main__":
    options = arguments(__doc__, events=50_000_000, customers=2_000_000, flags=("unsorted", "linear"))
    found = measure(options.events, options.customers, in_order=not options.unsorted)
    if options.linear:
        found["linear"] = linear(_LINEAR, in_order=not options.unsorted)
    sys.exit(finish("behaviour", found, table, options))
