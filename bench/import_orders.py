"""Importing the whole Complete Journey data: from files to customers, orders and timelines, end to end.

Peers in the same run do far less: pandas only adds up the revenue per order, from the Parquet file and
from the same lines as CSV. Writing the CSV is not counted.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from measuring import Json, Stopwatch, alone
from reporting import arguments, finish, ratio, temporary
from timelines import STAGES

import wotu.timeline.build as building
from wotu.cli.complete_journey import prepare_files
from wotu.cli.demo import SETTINGS
from wotu.core.layout import Layout
from wotu.workspace import Workspace

HOUSEHOLDS = 2_500
_ORDER, _AMOUNT = "basket_id", "sales_value"


class Steps:
    """Seconds by what the import says it is doing."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._what, self._start = "", 0.0

    def __call__(self, what: str) -> None:
        now = time.perf_counter()
        if self._what:
            self.seconds[self._what] = round(self.seconds.get(self._what, 0.0) + now - self._start, 3)
        self._what, self._start = what, now


def run_import(root: Path, files: list[tuple[Path, Path]]) -> Json:
    """Import into a new workspace; seconds by step, and what the orders add up to."""
    Layout(root).prepare(SETTINGS)
    ask, steps, watch = Workspace.open(root), Steps(), Stopwatch()
    watch.watch(building, STAGES)
    start = time.perf_counter()
    outcome = ask.import_files(files, progress=steps)
    steps("")
    seconds = round(time.perf_counter() - start, 3)
    shards = ask.generation().shards
    orders = {
        "orders": sum(len(shard.orders.time) for shard in shards),
        "revenue": sum(int(shard.orders.revenue.sum()) for shard in shards),
    }
    return {"seconds": seconds, **outcome, "steps": steps.seconds, "timelines": watch.rounded(), "sums": orders}


def peer_parquet(path: Path) -> Json:
    """Arrow and pandas: revenue per order, nothing else."""
    start = time.perf_counter()
    sums = _sums(pq.read_table(path, columns=[_ORDER, _AMOUNT]).to_pandas())
    return {"seconds": round(time.perf_counter() - start, 3), "sums": sums}


def peer_csv(path: Path) -> Json:
    """The same from CSV, all columns read."""
    start = time.perf_counter()
    sums = _sums(pd.read_csv(path))
    return {"seconds": round(time.perf_counter() - start, 3), "sums": sums}


def measure(customers: int) -> Json:
    """All of it."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary())
        files = stack.enter_context(prepare_files(customers if customers < HOUSEHOLDS else None))
        path, mapping = next(pair for pair in files if pair[0].stem == "transactions")
        lines = pq.read_table(path)
        csv = folder / "transactions.csv"
        pa_csv.write_csv(lines, csv)
        result: Json = {"lines": len(lines), "csv_mb": round(csv.stat().st_size / 1e6)}
        del lines
        result["wotu"] = alone(run_import, folder / "all", files)
        result["wotu_csv"] = alone(run_import, folder / "csv", [(csv, mapping)])
        result["pandas"] = alone(peer_parquet, path)
        result["pandas_csv"] = alone(peer_csv, csv)
    own = result["wotu"].get("sums")
    result["equal"] = {name: result[name].get("sums") == own for name in ("wotu_csv", "pandas", "pandas_csv")}
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    own, csv = result["wotu"], result["wotu_csv"]
    rows = [["what", "seconds", "peak memory", "lines a second"]]

    def line(what: str, part: Json) -> None:
        speed = f"{result['lines'] / part['seconds']:,.0f}"
        rows.append([what, f"{part['seconds']:.1f}", f"{part['peak_mb'] / 1024:.1f} GB", speed])

    line("Wotu: five Parquet files, 1.47 M order lines, to timelines", own)
    line("Wotu: the order lines as CSV, to timelines", csv)
    line("pandas: revenue per order from Parquet, nothing else", result["pandas"])
    line("pandas: revenue per order from CSV, nothing else", result["pandas_csv"])
    rows.append(["Wotu CSV ÷ pandas CSV", ratio(csv["seconds"], result["pandas_csv"]["seconds"]), "", ""])
    return rows


def _sums(lines: pd.DataFrame) -> Json:
    revenue = lines.groupby(_ORDER)[_AMOUNT].sum()
    return {"orders": len(revenue), "revenue": round(float(revenue.sum()) * 100)}


if __name__ == "__main__":
    options = arguments(__doc__, customers=HOUSEHOLDS)
    sys.exit(finish("import_orders", measure(options.customers), table, options))
