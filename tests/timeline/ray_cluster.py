"""Runs on a Ray cluster of two nodes what ``test_ray_executor`` looks at, and prints it as JSON.

A process of its own: Ray starts processes, opens sockets and warns as it likes.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import ray
from ray.cluster_utils import Cluster
from tests.workspace.test_layers_agree import answers

from wotu.core.errors import WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.timeline.executors import SerialExecutor, Watch, watching
from wotu.timeline.ray_executor import RayExecutor
from wotu.timeline.shard import Shard
from wotu.workspace import Workspace
from wotu.workspace.questions import Questions

EVENTS = ("Product Viewed", "签到", "Checkout Started", "Order Completed")


def messages(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Of a few dozen people, in no order of time."""
    for number in range(first, first + count):
        month, day, hour = number % 2 + 1, number * 7 % 28 + 1, number * 5 % 24
        yield {
            "type": "track", "event": EVENTS[number % 7 % 4], "userId": f"u{number * number % 41}",
            "timestamp": f"2026-{month:02}-{day:02}T{hour:02}:00:00Z", "messageId": f"m{number}",
            "properties": {"channel": f"c{number % 5}", "order_id": f"O{number}", "revenue": f"{number % 90}.50"},
        }  # fmt: skip


def same_answers(folder: Path, executor: RayExecutor) -> dict[str, bool]:
    """Threads and actors, on one generation and on the next."""
    here, there = Recorded.open(folder), Workspace.open(folder, executor=executor)
    found = _equal(here, there)
    here.collect(list(messages(900, 100)))
    here.merge("u1", "u2")
    found |= {f"{name}, newer": equal for name, equal in _equal(here, there).items()}
    return found


def files_gone(folder: Path) -> bool:
    """Actors that come too late to open a generation: what is mapped here answers."""
    workspace = Workspace.open(folder)
    shards = workspace.generation().shards
    shutil.rmtree(Layout(folder).timelines)
    Workspace.open(folder).collect(list(messages(1000, 1)))
    executor = RayExecutor(folder, actors=1)
    answer = executor.run(_count, shards)
    executor.close()
    return answer == SerialExecutor().run(_count, shards)


def killed(folder: Path, executor: RayExecutor) -> bool:
    """The process of an actor dies in the middle of a question."""
    shards = Workspace.open(folder).generation().shards
    told = folder.parent / "told"
    fold = partial(_count_and_tell, told)
    threading.Thread(target=_kill_who_tells, args=(told,), daemon=True).start()
    answer = executor.run(fold, shards)
    return told.exists() and answer == SerialExecutor().run(_count, shards)


def refused(folder: Path, executor: RayExecutor) -> dict[str, str]:
    """What ends without an answer, and how."""
    source = Workspace.open(folder).source()
    shards = source.generation.shards
    watch = Watch()
    threading.Timer(0.3, watch.cancel).start()
    elsewhere, hasty = RayExecutor(folder / "nowhere", actors=1), RayExecutor(folder, deadline=0.5, actors=1)
    found = {
        "cancelled": _refusal(lambda: _watched(watch, executor, shards)),
        "elsewhere": _refusal(lambda: elsewhere.run(_count, shards)),
        "late": _refusal(lambda: hasty.run(_slow, shards)),
        "fold": _refusal(lambda: executor.run(_wrong, shards)),
    }
    for started in (elsewhere, hasty):
        started.close()
    try:
        pickle.dumps(replace(source, executor=SerialExecutor()))
    except TypeError as error:
        found["holds"] = str(error)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, _cluster() as cluster:
        folder = Path(scratch) / "workspace"
        Layout(folder).prepare(Settings(questions_until="data"))
        Workspace.open(folder).collect(list(messages(0, 600)))
        Workspace.open(folder).collect(list(messages(600, 300)))
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        executor = RayExecutor(folder, actors=2)
        found = {
            "nodes": len(set(executor.run(_node, Workspace.open(folder).generation().shards))),
            "same": same_answers(folder, executor),
            "unasked": sorted({name for name in vars(Questions) if name[0] != "_"} - Recorded.asked),
            "killed": killed(folder, executor),
            "refused": refused(folder, executor),
        }
        executor.close()
        found["gone"] = files_gone(folder)
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


@contextmanager
def _cluster() -> Iterator[Cluster]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=2)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


class Recorded(Workspace):
    """Remembers what it was asked."""

    asked: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        Recorded.asked.add(name)
        return super().__getattribute__(name)


def more_answers(workspace: Workspace) -> dict[str, Any]:
    """Questions that layers are not compared on."""
    return {
        "stickiness": workspace.stickiness(EVENTS[0], unit="week").to_dict(),
        "output": workspace.output(EVENTS[3], unit="month").to_dict(),
        "separation": workspace.separation([EVENTS[0], EVENTS[3]], within="30d").to_dict(),
    }


def _equal(here: Workspace, there: Workspace) -> dict[str, bool]:
    expected, found = (answers(each) | more_answers(each) for each in (here, there))
    return {name: found[name] == expected[name] for name in expected}


def _node(shard: Shard) -> list[str]:
    return [ray.get_runtime_context().get_node_id()]


def _count(shard: Shard) -> int:
    return int(shard.time.sum() % 1_000_003) + len(shard.shown)


def _count_and_tell(told: Path, shard: Shard) -> int:
    if shard.number == 20 and not told.exists():
        told.write_text(str(os.getpid()))
        time.sleep(60)
    return _count(shard)


def _slow(shard: Shard) -> int:
    time.sleep(0.5)
    return 0


def _wrong(shard: Shard) -> int:
    from wotu.core.errors import invalid_argument

    raise invalid_argument("steps", "not so.")


def _kill_who_tells(told: Path) -> None:
    while not told.exists() or not told.read_text():
        time.sleep(0.01)
    os.kill(int(told.read_text()), signal.SIGKILL)


def _watched(watch: Watch, executor: RayExecutor, shards: Any) -> None:
    with watching(watch):
        executor.run(_slow, shards)


def _refusal(ask: Callable[[], object]) -> str:
    try:
        ask()
    except WotuError as error:
        return f"{error.code.value} {error.field}"
    return "answered"


if __name__ == "__main__":
    main()
