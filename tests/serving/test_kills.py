"""The server's processes are killed, over and over, under load: nothing told 200 is lost, nothing counts twice."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from tests.serving.referee import Expected, expected
from tests.serving.traffic import HttpSender, Office, SegmentSender, Shop
from tests.serving.tree import Tree

import wotu
from wotu.collect.quarantine import Quarantine
from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.workspace import Workspace
from wotu.workspace.verification import verify

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.enable_socket]

SOAK = os.environ.get("WOTU_SOAK") == "1"
KILLS = int(os.environ.get("WOTU_SERVER_KILLS", "200" if SOAK else "20"))
# Seconds between a sender's batches.
PAUSE = 0.03
# Points of the way in. Those of backups, upgrades, erasure and the API have tests of their own.
_ON_THE_WAY_IN = ("collect:", "settle:", "identity:", "timeline:")


def crash_points() -> list[str]:
    """Every named point from the first byte to timelines, read from the source, so that none is forgotten."""
    sources = Path(wotu.__file__).parent.rglob("*.py")
    found = {name for path in sources for name in re.findall(r'\bcrash_point\("([^"]+)"\)', path.read_text("utf-8"))}
    return sorted(name for name in found if name.startswith(_ON_THE_WAY_IN))


def schedule(draw: random.Random) -> list[str]:
    """Processes and points to be killed at, every point at least once."""
    points = crash_points()
    at_points = points * max(1, KILLS // (3 * len(points)))
    anywhere = draw.choices(["worker", "server", "settler", "tree"], [4, 3, 5, 1], k=max(4, KILLS - len(at_points)))
    wanted = [*at_points, *anywhere]
    draw.shuffle(wanted)
    return wanted


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path / "w", tmp_path)
    try:
        yield tree
    finally:
        tree.end()


def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(tree: Tree, tmp_path: Path) -> None:
    seed = int(os.environ.get("WOTU_SEED", "2026"))
    draw = random.Random(seed)
    tree.until_up()
    workspace = Workspace.open(tree.layout.root)
    senders = [
        *(HttpSender(tree.port, tree.key, Shop(f"h{number}", seed + number), pause=PAUSE) for number in range(3)),
        SegmentSender(tree.port, tree.key, Shop("s", seed + 9)),
    ]
    office = Office(workspace, tmp_path, seed)
    for thread in (*senders, office):
        thread.start()
    began = time.monotonic()
    killed = [kill(tree, wanted, draw) for wanted in schedule(draw)]
    seconds = round(time.monotonic() - began)
    tree.until_up()
    for thread in (office, *senders):
        thread.finish()
    assert tree.stop() == 0
    accounted(tree, senders, office)
    judged(Workspace.open(workspace.path), right := wanted_answers(senders, office), office)
    for folder in (workspace.layout.timelines, workspace.layout.identity, workspace.layout.settled):
        shutil.rmtree(folder)
    judged(Workspace.open(workspace.path), right, office)
    figures = {
        "seed": seed, "seconds": seconds, "kills": len(killed), "by": Counter(killed),
        "acknowledged": len(acknowledged(senders)),
        "events": sum(right.events.values()), "unanswered": sum(s.answers.get(0, 0) for s in senders[:-1]),
        "imported": len(office.sent), "merged": len(office.merged), "split": len(office.split),
    }  # fmt: skip
    print(json.dumps(figures))


def kill(tree: Tree, wanted: str, draw: random.Random) -> str:
    """Kill as ``wanted`` at some moment; the lake is whole whatever was under way."""
    if ":" in wanted:
        tree.kill_at(wanted)
    else:
        time.sleep(draw.uniform(0.0, 1.5))
        tree.until(lambda: tree.kill(wanted), f"there is no {wanted}")
    assert lake_is_whole(tree)
    # Now and then the next one follows while this one's successor is starting.
    if draw.random() < 0.7:
        tree.until_up()
    return wanted


def lake_is_whole(tree: Tree) -> bool:
    """Looked at twice: files may be put together while they are being read."""
    for _ in range(2):
        problems = [finding for finding in verify(tree.layout) if finding.level == "problem"]
        if not problems:
            return True
        time.sleep(0.5)
    raise AssertionError(problems)


def acknowledged(senders: list[Any]) -> set[str]:
    return set().union(*(sender.acknowledged for sender in senders))


def ids_in_lake(layout: Layout) -> set[str]:
    """The ids of what the senders' key brought; none is there twice."""
    rows = Lake(layout.lake).read(["source", "message_id", "type"])
    rows = rows.filter(pc.not_equal(rows["type"].cast("string"), "identity"))
    ids = rows.filter(pc.equal(rows["source"].cast("string"), "shop-web"))["message_id"].cast("string").to_pylist()
    assert len(ids) == len(set(ids))
    return set(ids)


def accounted(tree: Tree, senders: list[Any], office: Office) -> None:
    """Every message told 200 is in the lake or, where nobody can read it, in quarantine; each once, and no other."""
    assert [finding for finding in verify(tree.layout) if finding.level == "problem"] == []
    assert list((tree.layout.inbox / "incoming").iterdir()) == []
    assert list((tree.layout.inbox / "claimed").iterdir()) == []
    told = acknowledged(senders)
    assert {name for name in told if not name.startswith("bad-")} == ids_in_lake(tree.layout)
    kept = Quarantine(tree.layout.quarantine).read().to_pylist()
    unread = [row for row in kept if row["field"] == "event"]
    found = {re.findall(r"bad-[a-z0-9-]+", row["content"])[0] for row in unread}
    assert len({(row["file"], row["line"]) for row in unread}) == len(unread)
    assert found == {name for name in told if name.startswith("bad-")}
    assert len(office.merged) > 0
    assert len(office.split) > 0


def wanted_answers(senders: list[Any], office: Office) -> Expected:
    sent = {m["messageId"]: m for sender in (*senders, office) for m in sender.sent}
    readable = [message for name, message in sent.items() if not name.startswith("bad-")]
    return expected(readable, office.merged, office.split)


def judged(workspace: Workspace, right: Expected, office: Office) -> None:
    """Answers are those of the referee."""
    for measure, wanted in (("count", right.events), ("customers", right.customers)):
        for event in sorted({event for event, _ in wanted}):
            (series,) = workspace.events(event, measure=measure, since="2025-11-01", until="2026-03-01").series
            found = {day: value for day, value in series.points if value}
            assert found == {day: count for (name, day), count in wanted.items() if name == event}, (measure, event)
    table = workspace.rfm("2026-03-01").table
    value = zip(table["frequency"].to_pylist(), table["monetary"].to_pylist(), strict=True)
    assert sorted((count, Decimal(money)) for count, money in value) == [one for one in right.value if one[0]]
    (tea,) = workspace.facts("products").to_pylist()
    assert str(tea["price"]).rstrip("0") == office.price.rstrip("0")
