"""Made-up data, written straight into a lake (not through ``collect``): events and orders of many customers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.lake.messages import Lake
from wotu.lake.schema import INSTANT, MESSAGES

NAMES = 100
CHANNELS = 20
SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY", questions_until="data")
_CHUNK = 5_000_000
_START = 1_735_660_800_000_000  # 2025-01-01 00:00 in Shanghai
_YEAR = 365 * 86_400 * 1_000_000
_SIGMA = 1.2

Integers = npt.NDArray[np.int64]


def workspace(root: Path) -> Layout:
    """An empty workspace."""
    layout = Layout(root)
    layout.prepare(SETTINGS)
    return layout


def write_events(lake: Lake, *, events: int, customers: int, in_order: bool) -> None:
    """Log-normal activity, event names by Zipf, one text property, times over a year."""
    rng = np.random.default_rng(7)
    subject, times = _owners(rng, events, customers), _times(rng, events, in_order=in_order)
    names = pa.array([f"Event {number + 1:03}" for number in range(NAMES)])
    share = 1 / np.arange(1, NAMES + 1)
    channels = pa.array([f"channel {number:02}" for number in range(CHANNELS)])
    for transaction, part in enumerate(_parts(events), 1):
        count = part.stop - part.start
        event = names.take(pa.array(rng.choice(NAMES, count, p=share / share.sum())))
        channel = channels.take(pa.array(rng.integers(0, CHANNELS, count)))
        rows = _tracks(part, subject[part], times[part], event).append_column("p_channel", channel)
        lake.append(rows, transaction=transaction)


def write_orders(lake: Lake, *, orders: int, customers: int, refunded: float = 0.01) -> None:
    """Every customer known by a ``user_id``; orders with an id and revenue, some refunded in full later."""
    rng = np.random.default_rng(11)
    lake.append(_links(customers), transaction=1)
    subject, times = _owners(rng, orders, customers), _times(rng, orders, in_order=True)
    revenue = np.rint(np.exp(rng.normal(8.5, 1.0, orders))).astype(np.int64)
    first = customers
    for transaction, part in enumerate(_parts(orders), 2):
        numbers = np.arange(part.start, part.stop)
        rows = _tracks(slice(first + part.start, first + part.stop), subject[part], times[part], "Order Completed")
        rows = _with_order(rows, numbers, pa.array(revenue[part]))
        lake.append(rows, transaction=transaction)
    back = np.sort(rng.choice(orders, int(orders * refunded), replace=False))
    last = first + orders
    # A day later; one given back after the last day's end does not count yet.
    rows = _tracks(slice(last, last + len(back)), subject[back], times[back] + 86_400_000_000, "Order Refunded")
    lake.append(_with_order(rows, back, pa.array(revenue[back])), transaction=last)


def _owners(rng: np.random.Generator, rows: int, customers: int) -> npt.NDArray[np.int32]:
    weight = rng.lognormal(0.0, _SIGMA, customers)
    owners = np.repeat(np.arange(customers, dtype=np.int32), rng.multinomial(rows, weight / weight.sum()))
    rng.shuffle(owners)
    return owners


def _times(rng: np.random.Generator, rows: int, *, in_order: bool) -> Integers:
    times = rng.integers(_START, _START + _YEAR, rows)
    return np.sort(times) if in_order else times


def _parts(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _CHUNK):
        yield slice(start, min(start + _CHUNK, rows))


def _tracks(part: slice, subject: npt.NDArray[np.int32], times: Integers, event: str | pa.Array) -> pa.Table:
    seq = np.arange(part.start + 1, part.stop + 1)
    time = pa.array(times).cast(INSTANT)
    names = pa.repeat(pa.scalar(event), len(seq)) if isinstance(event, str) else event
    columns = {
        "seq": pa.array(seq), "subject": pa.array(subject.astype(np.int64)), "time": time, "received": time,
        "source": pa.repeat(pa.scalar("bench"), len(seq)), "type": pa.repeat(pa.scalar("track"), len(seq)),
        "message_id": pc.binary_join_element_wise("m", pa.array(seq).cast(pa.string()), "-"), "event": names,
    }  # fmt: skip
    return _complete(columns, len(seq))


def _with_order(rows: pa.Table, numbers: Integers, revenue: pa.Array) -> pa.Table:
    order_id = pc.binary_join_element_wise("order", pa.array(numbers).cast(pa.string()), "-")
    return rows.append_column("p_order_id", order_id).append_column("p_revenue", revenue)


def _links(customers: int) -> pa.Table:
    numbers = np.arange(customers)
    values = pc.binary_join_element_wise("u", pa.array(numbers).cast(pa.string()), "")
    time = pa.array(np.full(customers, _START)).cast(INSTANT)
    texts = {"source": "bench", "type": "identity", "event": "link", "id_kind": "user_id", "id_namespace": "default"}
    columns = {name: pa.repeat(pa.scalar(text), customers) for name, text in texts.items()}
    columns |= {"seq": pa.array(numbers + 1), "subject": pa.array(numbers), "time": time, "received": time}
    return _complete(columns | {"id_value": values}, customers)


def _complete(columns: dict[str, pa.Array], rows: int) -> pa.Table:
    return pa.table(
        {field.name: columns.get(field.name, pa.nulls(rows, field.type)) for field in MESSAGES}, schema=MESSAGES
    )
