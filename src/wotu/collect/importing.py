"""A table in a file, through its mapping, as a batch of messages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.batch import Batch
from wotu.collect.columns import values_of
from wotu.collect.conform import conform
from wotu.collect.files import RawTable, read_file
from wotu.collect.mapped import Rows, column_named
from wotu.collect.mapping import Mapping
from wotu.collect.message import ENVELOPE, INSTANT
from wotu.collect.orders import order_messages
from wotu.collect.parsing import Faults, texts
from wotu.collect.quarantine import Problem
from wotu.collect.rows import event_messages, table_messages, trait_messages
from wotu.collect.values import content_text
from wotu.core.fact_tables import TABLES
from wotu.core.periods import to_micros
from wotu.core.properties import is_property_column, property_name
from wotu.core.settings import Settings


@dataclass(frozen=True)
class Preview:
    """What an import would do: the first ``messages``, how many there are of each event (identify rows by
    their type), every problem, how many rows the mapping skips, and how the file was read."""

    messages: list[dict[str, Any]]
    counts: dict[str, int]
    rows: int
    problems: list[Problem]
    encoding: str | None
    delimiter: str | None
    skipped: int = 0


def import_file(path: Path, mapping: Mapping, *, settings: Settings, received: datetime) -> Batch:
    """The messages of ``path``; rows that cannot be used become problems with their line.

    Reading the same file again gives the same message ids. Raises ``WotuError``: ``INVALID_FILE`` when
    the file cannot be read whole, ``INVALID_MAPPING`` when it lacks a column the mapping names.
    """
    return _messages(path, _wanted(_read(path, mapping), mapping), mapping, settings, received)


def preview(path: Path, mapping: Mapping, *, settings: Settings, received: datetime, rows: int = 10) -> Preview:
    """A dry run: everything ``import_file`` would find, and the first ``rows`` messages; nothing is kept."""
    whole = _read(path, mapping)
    raw = _wanted(whole, mapping)
    batch = _messages(path, raw, mapping, settings, received)
    labels = Counter(batch.table["event"].to_pylist())
    for kind in batch.table.filter(batch.table["event"].is_null())["type"].to_pylist():
        labels[kind] += 1
    del labels[None]
    messages = [_shown(message) for message in batch.table.slice(0, rows).to_pylist()]
    skipped = whole.columns.num_rows - raw.columns.num_rows
    return Preview(messages, dict(labels), batch.rows + skipped, batch.problems, raw.encoding, raw.delimiter, skipped)


def _read(path: Path, mapping: Mapping) -> RawTable:
    return read_file(path, encoding=mapping.encoding, delimiter=mapping.delimiter, sheet=mapping.sheet)


def _wanted(raw: RawTable, mapping: Mapping) -> RawTable:
    """The rows that the mapping does not skip."""
    if mapping.skip is None:
        return raw
    column = column_named(raw, mapping.skip.column, "skip.column")
    cells = pc.utf8_trim_whitespace(texts(column, Faults(len(column)), mapping.skip.column))
    kept = pc.invert(pc.is_in(cells, pa.array(mapping.skip.values, cells.type)))
    return replace(raw, columns=raw.columns.filter(kept), lines=raw.lines[kept.to_numpy(zero_copy_only=False)])


def _messages(path: Path, raw: RawTable, mapping: Mapping, settings: Settings, received: datetime) -> Batch:
    rows = Rows(
        mapping,
        raw,
        mapping.zone or settings.zone,
        mapping.currency or settings.currency,
        received,
        Faults(raw.columns.num_rows),
    )
    if mapping.order is not None:
        columns = order_messages(rows, mapping.order)
    elif mapping.table is not None:
        columns = table_messages(rows, TABLES[mapping.table])
    elif mapping.traits is not None:
        columns = trait_messages(rows)
    else:
        columns = event_messages(rows)
    problems = sorted([*raw.problems, *_problems(path, rows)], key=lambda problem: problem.line or 0)
    return Batch(_enveloped(columns, rows), problems, len(rows) + len(raw.problems))


def _enveloped(columns: dict[str, pa.Array], rows: Rows) -> pa.Table:
    if not columns:
        return ENVELOPE.empty_table()
    count = len(columns["type"])
    constants = {
        "source": pa.repeat(pa.scalar(rows.mapping.source), count),
        "namespace": pa.repeat(pa.scalar(rows.mapping.namespace), count),
        "received": pa.repeat(pa.scalar(to_micros(rows.received)), count).cast(INSTANT),
    }
    filled = {name: column for name, column in columns.items() if column.null_count < count or name in ENVELOPE.names}
    return conform(pa.table(filled | constants))


def _problems(path: Path, rows: Rows) -> list[Problem]:
    faulty = sorted(rows.faults.by_row)
    shown_rows = rows.raw.columns.take(pa.array(faulty, pa.int64()))
    cells = [values_of(column) for column in shown_rows.columns]
    contents = [dict(zip(shown_rows.column_names, row, strict=True)) for row in zip(*cells, strict=True)]
    problems = []
    for row, content in zip(faulty, contents, strict=True):
        field, reason = rows.faults.by_row[row]
        shown = content_text({name: value for name, value in content.items() if value is not None})
        problems.append(Problem(path.name, int(rows.raw.lines[row]), field, reason, shown[:2_000]))
    return problems


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {
        property_name(name) if is_property_column(name) else name: value
        for name, value in message.items()
        if value is not None
    }
