"""Customer-ordered timelines of many events: how long to build, how large, and how fast questions are then.

The events are written straight into the lake, not through ``collect``. Peers in the same run, on the same
Parquet files: DuckDB and Polars sort them by customer and time, then answer the same questions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import timelines_peers as peers
from made_data import workspace, write_events
from measuring import Json, Stopwatch, alone, best
from reporting import arguments, finish, ratio, temporary

import wotu.timeline.build as building
from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.workspace import Workspace

STAGES = {
    "read_events": "read events", "customer_order": "order", "_write": "gather and write", "_people": "customers",
    "read_traits": "traits", "_order_events": "look for orders", "order_book": "order book",
    "assign_slots": "slots", "publish": "publish",
}  # fmt: skip
EVENT = "Event 001"


def make(root: Path, events: int, customers: int, in_order: bool) -> Json:
    """Write the lake."""
    write_events(Lake(workspace(root).lake), events=events, customers=customers, in_order=in_order)
    return {}


def build(root: Path, customers: int) -> Json:
    """Build the timelines, timed by stage."""
    layout, watch = Layout(root), Stopwatch()
    watch.watch(building, STAGES)
    with watch.stage("all"):
        building.build(Lake(layout.lake), np.arange(customers), layout.timelines, currency="CNY")
    stages = watch.rounded()
    return {"seconds": stages.pop("all"), "stages": stages, "stages_cpu": watch.rounded_cpu()}


def sizes(root: Path) -> Json:
    """Bytes per event on disk, by column and in total."""
    shards = Workspace.open(root).generation().shards
    events = sum(len(shard.time) for shard in shards)
    columns = {
        name: sum(_bytes(shard.events[name]) for shard in shards) / events for name in shards[0].events.schema.names
    }
    folder = Layout(root).timelines / Workspace.open(root).generation_name()
    files = {path.name: path.stat().st_size / events for path in folder.iterdir()}
    lake = sum(path.stat().st_size for path in Layout(root).lake.glob("*.parquet")) / events
    return {
        "bytes_per_event": {name: round(size, 2) for name, size in columns.items()},
        "asked": round(sum(columns[name] for name in ("time", "code", "p_channel")), 2),
        "all_files": round(sum(files.values()), 2),
        "lake": round(lake, 2),
    }


def questions(root: Path) -> Json:
    """The questions: cold (first call in a process, compiled code cached) and warm."""
    ask = Workspace.open(root)
    asked: dict[str, tuple[Callable[[], object], Callable[[object], object]]] = {
        "growth_accounting": (lambda: ask.growth_accounting(unit="week"), peers.growth_rows),
        "events_customers": (lambda: ask.events(EVENT, measure="customers", unit="week"), peers.event_rows),
        "events_by": (lambda: ask.events(EVENT, measure="count", unit="week", by="channel"), peers.event_rows),
    }
    found: Json = {}
    for name, (question, rows) in asked.items():
        cold, _ = best(question, 1)
        warm, answer = best(question)
        found[name] = {"cold": cold, "warm": warm, "rows": rows(answer)}
    return found


def measure(events: int, customers: int, *, in_order: bool) -> Json:
    """All of it."""
    with temporary() as folder:
        made = alone(make, folder, events, customers, in_order)
        result: Json = {"events": events, "customers": customers, "in_order": in_order, "made": made}
        result["wotu"] = alone(build, folder, customers)
        result["size"] = alone(sizes, folder)
        result["asked"] = alone(questions, folder)
        result["duckdb"] = alone(peers.duckdb_all, Layout(folder).lake, folder / "duckdb", EVENT)
        result["polars"] = alone(peers.polars_all, Layout(folder).lake, EVENT)
    return _compared(result)


def _compared(result: Json) -> Json:
    """Are the answers equal? The rows themselves are then left out."""
    asked = {name: part for name, part in result["asked"].items() if isinstance(part, dict)}
    result["equal"] = {}
    for peer in ("duckdb", "polars"):
        for name, own in asked.items():
            other = result[peer].get(name, {})
            result["equal"][f"{name} {peer}"] = other.get("rows") == own["rows"]
    for part in (result["asked"], result["duckdb"], result["polars"]):
        for value in part.values():
            if isinstance(value, dict):
                value.pop("rows", None)
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    own, duck, polars = result["wotu"], result["duckdb"], result["polars"]
    millions = f"{result['events'] / 1e6:g} M"
    rows = [["what", "Wotu", "DuckDB", "Polars", "fastest peer ÷ Wotu"]]

    def line(what: str, *seconds: float) -> None:
        rows.append([what, *(f"{s:.2f} s" for s in seconds), ratio(min(seconds[1:]), seconds[0])])

    line(f"order {millions} events by customer", own["seconds"], duck["sort"], polars["sort"])
    for name in ("growth_accounting", "events_customers", "events_by"):
        line(name.replace("_", " "), result["asked"][name]["warm"], duck[name]["warm"], polars[name]["warm"])
    peaks = [f"{part['peak_mb'] / 1024:.1f} GB" for part in (own, duck, polars)]
    rows.append(["peak memory", *peaks, ""])
    return rows


def _bytes(column: pa.Array) -> int:
    return sum(buffer.size for buffer in column.buffers() if buffer is not None)


if __name__ == "__main__":
    options = arguments(__doc__, events=50_000_000, customers=2_000_000, flags=("unsorted",))
    sys.exit(
        finish("timelines", measure(options.events, options.customers, in_order=not options.unsorted), table, options)
    )
