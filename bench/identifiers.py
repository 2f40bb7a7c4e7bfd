"""Identity at size: new identifiers in, bulk lookups, saving, opening, and bytes an identifier.

Messages go through ``Resolver.resolve`` and ``apply`` in batches, each saved: half of them identify a new
person by user id and phone, half are of somebody known. Lookups are of keys in random order, a tenth unknown.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measuring import Json, alone, best
from reporting import arguments, finish, temporary

from wotu.collect.message import ENVELOPE
from wotu.identity.index import UNKNOWN
from wotu.identity.lookup import subjects_of
from wotu.identity.resolver import Resolver

BATCH = 200_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def phones(numbers: np.ndarray) -> pa.Array:
    """A phone number for each person."""
    return pc.binary_join_element_wise("+86", pa.array(13_000_000_000 + numbers).cast(pa.string()), "")


def batch(first: int, people: int) -> pa.Table:
    """Each of ``people`` identifies with user id and phone; then somebody earlier does something."""
    new = np.arange(first, first + people)
    old = np.random.default_rng(first).integers(0, first + people, people)
    texts = {name: pa.array([name] * people) for name in ("identify", "track")}
    columns = {
        "type": pa.concat_arrays([texts["identify"], texts["track"]]),
        "user_id": pc.binary_join_element_wise("member", pa.array(np.r_[new, old]).cast(pa.string()), "-"),
        "phone": pa.concat_arrays([phones(new), pa.nulls(people, pa.string())]),
        "message_id": pa.array(np.arange(2 * people)).cast(pa.string()),
    }
    constants = {"time": _NOW, "received": _NOW, "source": "bench", "namespace": "default"}
    for field in ENVELOPE:
        if field.name in constants:
            columns[field.name] = pa.repeat(pa.scalar(constants[field.name], field.type), 2 * people)
        elif field.name not in columns:
            columns[field.name] = pa.nulls(2 * people, field.type)
    return pa.table({name: columns[name] for name in ENVELOPE.names})


def fill(folder: Path, identifiers: int) -> Json:
    """Resolve, apply and save until there are that many identifiers."""
    spent = {"resolve": 0.0, "apply": 0.0, "save": 0.0}
    slowest = dict(spent)
    resolver, people = Resolver(folder), min(BATCH // 2, max(1, identifiers // 2))
    while len(resolver) < identifiers:
        messages = batch(len(resolver) // 2, people)
        marks = [time.perf_counter()]
        resolution = resolver.resolve(messages)
        marks.append(time.perf_counter())
        resolver.apply(resolution)
        marks.append(time.perf_counter())
        resolver.save(len(resolver))
        marks.append(time.perf_counter())
        for name, taken in zip(spent, np.diff(marks).tolist(), strict=True):
            spent[name] += taken
            slowest[name] = max(slowest[name], taken)
    messages_in = len(resolver)
    return {
        "identifiers": len(resolver),
        "batch": 2 * people,
        "stages": {name: round(taken, 3) for name, taken in spent.items()},
        "slowest": {name: round(taken, 3) for name, taken in slowest.items()},
        "messages_per_second": round(messages_in / sum(spent.values())),
    }


def look_up(folder: Path, identifiers: int) -> Json:
    """Open, look up in bulk, enumerate, publish."""
    # The first one in a process loads compiled code.
    Resolver(folder)
    opening, resolver = best(lambda: Resolver(folder))
    people = len(resolver) // 2
    asked = np.random.default_rng(7).integers(0, people * 10 // 9, min(1_000_000, identifiers))
    keys = pc.binary_join_element_wise("phone", phones(asked), "\0")
    resolver._index.find(keys.slice(0, 1))
    seconds, found = best(lambda: resolver._index.find(keys))
    assert ((found == UNKNOWN) == (asked >= people)).all()
    listing, _ = best(resolver.customers)
    one, _ = best(lambda: subjects_of(folder, "phone", "13000000001"))
    return {
        "open": opening,
        "lookups": len(asked),
        "lookup": seconds,
        "lookups_per_second": round(len(asked) / seconds),
        "customers": listing,
        "one_reader": one,
    }


def sizes(folder: Path) -> Json:
    """Bytes on disk."""
    names = {path.name.split("-")[0]: 0 for path in folder.iterdir()}
    for path in folder.iterdir():
        names[path.name.split("-")[0]] += path.stat().st_size
    return {"files": len(list(folder.iterdir())), "bytes": names, "index_mb": round(names["keys"] / 1e6, 1)}


def measure(identifiers: int) -> Json:
    """All of it."""
    with temporary() as folder:
        result: Json = {"identifiers": identifiers, "fill": alone(fill, folder, identifiers)}
        result["asked"] = alone(look_up, folder, identifiers)
        result["size"] = alone(sizes, folder)
    return result


def table(result: Json) -> list[list[str]]:
    """Rows for the documentation."""
    fill, asked = result["fill"], result["asked"]
    return [
        [f"{result['identifiers'] / 1e6:g} M identifiers", "figure"],
        ["messages resolved, applied and saved a second", f"{fill['messages_per_second']:,}"],
        ["bulk lookups a second", f"{asked['lookups_per_second']:,}"],
        ["open", f"{asked['open']:.2f} s"],
        ["one lookup by another process", f"{asked['one_reader'] * 1000:.1f} ms"],
        ["index on disk", f"{result['size']['index_mb']:.0f} MB"],
        ["peak memory of its own", f"{asked['peak_own_mb']:,} MB"],
    ]


if __name__ == "__main__":
    options = arguments(__doc__, identifiers=10_000_000)
    sys.exit(finish("identifiers", measure(options.identifiers), table, options))
