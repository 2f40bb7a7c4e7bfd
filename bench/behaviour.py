"""Questions about behaviour at size: Wotu and the best forms of ClickHouse, DuckDB, Polars and retentioneering.

The same made-up events are written into the lake; each program orders them by customer and time in its own way and
answers the same questions in a process of its own, with two threads. Every repetition asks with another parameter, so
that no answer is remembered; the median counts. Answers of all repetitions are compared.

A peer's forms of a question are tried on a million events first; those that take over twice as long as the fastest are
left out at size. A question is repeated as often as fits into a budget of seconds. A run over the limit of time or
memory is given up, which is said, and the rest goes on.
"""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path

import behaviour_clickhouse
import behaviour_duckdb
import behaviour_polars
import behaviour_wotu as wotu
import numpy as np
from behaviour_asked import REPETITIONS, same
from behaviour_peer import Effort, Plan, once
from behaviour_retentioneering import retentioneering_all
from behaviour_watched import watched
from made_data import workspace, write_events
from measuring import Apart, Json, alone, machine
from reporting import arguments, finish, ratio, temporary

from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.timeline.build import build

PEERS = {
    "clickhouse": behaviour_clickhouse.PEER,
    "duckdb": behaviour_duckdb.PEER,
    "polars": behaviour_polars.PEER,
}
_TITLES = {"clickhouse": "ClickHouse", "duckdb": "DuckDB", "polars": "Polars"}
_PER_CUSTOMER = 25
_SMALL, _CHOOSING = 100_000, 1_000_000
_SLOWER = 2
_LINEAR = (1_000_000, 10_000_000, 100_000_000)


def make(root: Path, events: int, in_order: bool) -> Json:
    """Write the lake and build the timelines, unless an earlier run has done so."""

    def write() -> None:
        customers = events // _PER_CUSTOMER
        shutil.rmtree(root, ignore_errors=True)
        layout = workspace(root)
        lake = Lake(layout.lake)
        write_events(lake, events=events, customers=customers, in_order=in_order)
        build(lake, np.arange(customers), layout.timelines, currency="CNY")

    root.parent.mkdir(parents=True, exist_ok=True)
    return {"seconds": once(root.with_name("made.json"), write)}


class Data:
    """Where everything of one number of events is kept."""

    def __init__(self, folder: Path, events: int, *, in_order: bool) -> None:
        self.folder = folder / f"{events}{'' if in_order else ' unsorted'}"
        self.root = self.folder / "workspace"
        self.made = alone(make, self.root, events, in_order)

    @property
    def lake(self) -> Path:
        """The folder of its files."""
        return Layout(self.root).lake


def measure(folder: Path, events: int, peers: list[str], effort: Effort, *, in_order: bool) -> Json:
    """Wotu, then the peers."""
    plans = {peer: chosen(folder, peer, events, effort, in_order=in_order) for peer in peers}
    data = Data(folder, events, in_order=in_order)
    result: Json = {"events": events, "customers": events // _PER_CUSTOMER, "in_order": in_order, "made": data.made}
    result["first"] = alone(wotu.first_question, data.root)
    result["wotu"] = alone(wotu.wotu_all, data.root, effort.most)
    result["threads"] = alone(wotu.threads, data.root, effort.most)
    for peer in peers:
        result[peer] = watched(PEERS[peer], data.lake, data.folder, plans[peer], effort)
    result["retentioneering"] = small(folder, effort.most)
    return _compared(result, peers)


def chosen(folder: Path, name: str, events: int, effort: Effort, *, in_order: bool) -> Plan:
    """The peer's forms of each question that are not far behind the fastest at a size at which trying costs little."""
    peer, kept = PEERS[name], folder / f"forms of {name}.json"
    every = {question: list(forms) for question, forms in peer.forms.items()}
    if events <= _CHOOSING or all(len(forms) == 1 for forms in every.values()):
        return every
    tries: dict[str, dict[str, float | str]] = json.loads(kept.read_text()) if kept.exists() else {}
    if {question: list(forms) for question, forms in tries.items()} != every:
        data = Data(folder, _CHOOSING, in_order=in_order)
        trying = Effort(effort.memory_gb, effort.limit, most=0, tries=2)
        found = watched(peer, data.lake, data.folder, every, trying)
        tries = {question: found[question]["tries"] for question in every}
        kept.write_text(json.dumps(tries, indent=2))
    return {question: _near(forms) or every[question] for question, forms in tries.items()}


def _near(tries: dict[str, float | str]) -> list[str]:
    seconds = {form: spent for form, spent in tries.items() if not isinstance(spent, str)}
    return [form for form, spent in seconds.items() if spent <= _SLOWER * min(seconds.values())]


def small(folder: Path, repetitions: int) -> Json:
    """The funnel without a window beside retentioneering's."""
    data = Data(folder, _SMALL, in_order=True)
    own = alone(wotu.funnel_without_window, data.root, repetitions)
    peer = retentioneering_all(data.lake, wotu.STEP_NAMES, repetitions)
    equal = own.pop("rows")[0] == [peer["rows"]] if "rows" in peer else None
    return peer | {"events": _SMALL, "wotu": own["seconds"], "same": equal}


def linear(folder: Path, sizes: tuple[int, ...], *, in_order: bool) -> Json:
    """The ordered funnel of Wotu at several sizes."""
    found: Json = {}
    for events in sizes:
        data = Data(folder, events, in_order=in_order)
        found[str(events)] = alone(wotu.wotu_all, data.root, REPETITIONS, ("funnel_full",))["funnel_full"]["seconds"]
    return found


def _compared(result: Json, peers: list[str]) -> Json:
    """Are the answers equal, wherever both finished? The rows themselves are then left out."""
    result["equal"] = {}
    for peer in peers:
        for question, own in result["wotu"].items():
            other = result[peer].get(question) if isinstance(own, dict) else None
            if other is not None and "rows" in other:
                rows, alike = other.pop("rows"), other.pop("alike")
                result["equal"][f"{question} {peer}"] = alike and same(own["rows"][: len(rows)], rows)
    if "rows" in result["retentioneering"]:
        result["equal"]["funnel retentioneering"] = result["retentioneering"].pop("same")
    for own in result["wotu"].values():
        if isinstance(own, dict):
            own.pop("rows", None)
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    peers = [peer for peer in PEERS if peer in result]
    titles = [_TITLES[peer] for peer in peers]
    rows = [["question", "Wotu", *titles, *(f"{title} ÷ Wotu" for title in titles)]]
    for question, own in result["wotu"].items():
        if isinstance(own, dict):
            answered = [result[peer].get(question, {}) for peer in peers]
            ratios = [ratio(each["seconds"], own["seconds"]) if "seconds" in each else "" for each in answered]
            rows.append([question.replace("_", " "), *map(_cell, (own, *answered)), *ratios])
    blank = [""] * len(peers)
    sorting = [result["made"]["seconds"], *(result[peer]["sort"] for peer in peers)]
    rows.append(["make and order the events", *(f"{seconds or 0:.1f} s" for seconds in sorting), *blank])
    peaks = [result[part]["peak_own_mb"] / 1024 for part in ("wotu", *peers)]
    rows.append(["peak memory of its own", *(f"{peak:.1f} GB" for peak in peaks), *blank])
    return rows


def _cell(answered: Json) -> str:
    return f"{answered['seconds']:.3f} s" if "seconds" in answered else str(answered.get("failed", ""))


def main(options: Namespace) -> int:
    """The exit code is 1 when answers differ or a program failed for another reason than time and memory."""
    effort = Effort(options.memory, options.limit, options.budget, options.repetitions if Apart.processes else 1)
    in_order, peers = not options.unsorted, options.peers.split(",")
    with ExitStack() as stack:
        folder = Path(options.data) if options.data else stack.enter_context(temporary())
        found = measure(folder, options.events, peers, effort, in_order=in_order)
        if options.linear:
            found["linear"] = linear(folder, _LINEAR, in_order=in_order)
    return finish("behaviour", found | {"effort": vars(effort)}, table, options)


SETTINGS: dict[str, tuple[int | str, str]] = {
    "data": ("", "keep the made-up data and ClickHouse's table in this folder, and use what is there"),
    "peers": (",".join(PEERS), "whom to ask"),
    "limit": (120, "seconds of one run, after which it is given up"),
    "budget": (20, "seconds of a peer's repetitions of a question"),
    "repetitions": (REPETITIONS, "at most so many of them, of everybody"),
    "memory": (round(machine()["memory_gb"] * 2 / 3), "GB that a peer may take"),
}

if __name__ == "__main__":
    sys.exit(main(arguments(__doc__, flags=("unsorted", "linear"), settings=SETTINGS, events=50_000_000)))
