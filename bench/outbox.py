"""How fast the worker of the outbox claims and does work: pieces a second on SQLite and PostgreSQL, as JSON.

``python bench/outbox.py [--count 10000] [--database sqlite|postgresql]``. Each piece writes one row and goes in a
transaction of its own, as every piece does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure one database in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if options.database == "postgresql":
        from tests.postgresql import use_postgresql

        use_postgresql()
        workspace = Path(os.environ["WOTU_WORKSPACE"])
    else:
        workspace = Path(tempfile.mkdtemp(prefix="wotu-bench-"))
    from wotu.site.preparing import prepare_database

    prepare_database(workspace)
    sys.stdout.write(
        json.dumps({"database": options.database, "pieces": options.count, **measure(options.count)}) + "\n"
    )


def measure(count: int) -> dict[str, float]:
    """Pieces a second: queued, done by a task that does nothing, done by a task that writes one row."""
    from wotu.outbox.models import Cursor
    from wotu.outbox.running import run_due
    from wotu.outbox.tasks import task

    @task(name="bench.nothing", queue_name="nothing")
    def nothing(*, number: int) -> None:
        assert number >= 0

    @task(name="bench.write", queue_name="write")
    def write(*, number: int) -> None:
        from django.utils import timezone

        Cursor.objects.create(name=f"bench {number}", seq=number, moved_at=timezone.now())

    figures = {}
    for name, each in (("nothing", nothing), ("one_row", write)):
        started = time.perf_counter()
        each.enqueue_many([(str(number), {"number": number}) for number in range(count)])
        figures[f"queued_{name}_per_second"] = round(count / (time.perf_counter() - started))
        started, busy = time.perf_counter(), time.process_time()
        done = 0
        while found := run_due(each.queue_name):
            done += found
        assert done == count
        figures[f"done_{name}_per_second"] = round(count / (time.perf_counter() - started))
        figures[f"done_{name}_cpu_milliseconds"] = round((time.process_time() - busy) / count * 1000, 3)
    return figures


if __name__ == "__main__":
    main()
