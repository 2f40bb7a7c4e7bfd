"""How long the demo's year of orders takes to earn points, growth value, levels and badges, as JSON.

``python bench/orders_earn.py [--page 500] [--customers N]``: on SQLite, a page of messages being one transaction. A
worker takes 500, so that others get their turn; the demo takes 4,000 before it serves the console.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def main() -> None:
    """Measure in this process, in a workspace of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=int, default=500)
    parser.add_argument("--customers", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wotu-bench-") as folder:
        sys.stdout.write(json.dumps(measure(Path(folder), options.page, options.customers)) + "\n")


def measure(folder: Path, page: int, customers: int | None) -> dict[str, Any]:
    """Seconds and memory of the replay alone, and what the control database takes after it."""
    from wotu.cli.complete_journey import data_folder, first_households, prepare_files
    from wotu.cli.control import connect
    from wotu.cli.demo import SETTINGS
    from wotu.core.layout import Layout
    from wotu.workspace import Workspace

    layout = Layout(folder)
    layout.prepare(SETTINGS)
    space = Workspace.open(folder)
    with prepare_files(customers) as files:
        space.import_files(files)
    connect(folder)
    from wotu.cli import demo_loyalty
    from wotu.loyalty.models import Order

    demo_loyalty.set_up(space, data_folder(), first_households(data_folder(), customers), datetime.now(UTC))
    started, used = time.perf_counter(), time.process_time()
    demo_loyalty.replay(space, lambda *_: None, page=page)
    orders = Order.objects.count()
    return {
        "page": page, "orders": orders, "seconds": round(time.perf_counter() - started, 1),
        "processor_ms_an_order": round((time.process_time() - used) / max(1, orders) * 1_000, 3),
        "database_mb": round((folder / "control.db").stat().st_size / 1e6),
        "most_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


if __name__ == "__main__":
    main()
