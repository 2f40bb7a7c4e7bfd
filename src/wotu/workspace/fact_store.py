"""The tables besides events of one workspace: read, written, and joined with customers as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from wotu.collect.batch import Batch
from wotu.collect.fact_rows import SOURCE, delete_batch, known_table, put_batch
from wotu.collect.fact_values import Terms
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.fact_tables import FactTable
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.facts.registry import FactRow, Facts
from wotu.identity.erasures import Erasures, read_erasures
from wotu.identity.index import UNKNOWN
from wotu.identity.lookup import find_subjects
from wotu.lake.messages import Lake
from wotu.timeline.generation import Generation

CUSTOMER_ID = "customer_id"


class FactStore:
    """Facts of one workspace; several threads may share it, as what is read is only ever replaced whole."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lake = Lake(layout.lake)
        self._facts = Facts()
        self._erased = Erasures()

    def facts(self) -> Facts:
        """All tables as they hold now; only rows that came since the last call are read."""
        erased = read_erasures(self._layout.erasures)
        # Rows that named somebody are gone from the lake, so what was read before is read again.
        known = self._facts if erased == self._erased else Facts()
        facts = self._facts = known.refreshed(self._lake)
        self._erased = erased
        return facts

    def table(self, name: str, generation: Generation, *, currency: str) -> pa.Table:
        """One table; where rows name customers, ``customer_id`` says who that is now.

        A table with one row per customer has one, under whichever identifier it was told last.
        """
        declared, facts = known_table(name), self.facts()
        rows = facts.table(declared, currency=currency)
        if declared.customer is None:
            return rows
        customers = customers_of(self._layout.identity, generation, rows[declared.customer].to_pylist())
        joined = rows.append_column(CUSTOMER_ID, pa.array(customers, pa.string()))
        if declared.key != (declared.customer,):
            return joined
        return joined.take(pa.array(_one_each(customers, facts.held(declared)), pa.int64()))

    def put(self, name: str, rows: Iterable[Mapping[str, Any]], settings: Settings) -> dict[str, int]:
        """Keep rows; all or, when one is wrong, none."""
        table = known_table(name)
        return self._take(put_batch(table, rows, _terms(settings), datetime.now(UTC)), settings)

    def delete(self, name: str, key: Mapping[str, Any] | str, settings: Settings) -> dict[str, int]:
        """Take the row of ``key`` out."""
        table = known_table(name)
        return self._take(delete_batch(table, key, _terms(settings), datetime.now(UTC)), settings)

    def change(
        self, table: FactTable, rows: Sequence[Mapping[str, Any]], gone: Sequence[str], settings: Settings
    ) -> dict[str, int]:
        """Keep rows and take the rows of some keys out, in one step."""
        received, terms = datetime.now(UTC), _terms(settings)
        parts = [put_batch(table, rows, terms, received), *(delete_batch(table, key, terms, received) for key in gone)]
        whole = pa.concat_tables([part.table for part in parts])
        return self._take(Batch(whole, [], len(whole)), settings)

    def _take(self, batch: Batch, settings: Settings) -> dict[str, int]:
        # The settler takes long to load, and most who look at facts change none.
        from wotu.workspace.intake import Intake

        return Intake(self._layout, settings).take(SOURCE, batch).to_dict()


def customers_of(identity: Path, generation: Generation, given: Sequence[str | None]) -> list[str | None]:
    """The customer each identifier (``type:value`` or a Wotu id) belongs to now; none where it is not known."""
    subjects: dict[str, int] = {}
    by_kind: dict[str, list[str]] = {}
    for text in {text for text in given if text is not None}:
        number = customer_number(text)
        if number is not None:
            subjects[text] = number
        else:
            by_kind.setdefault(text.partition(":")[0], []).append(text)
    for kind, texts in by_kind.items():
        found = find_subjects(identity, kind, [text.partition(":")[2] for text in texts])
        # A ``user_id`` that several namespaces have names nobody.
        pairs = zip(texts, found, strict=True)
        subjects |= {text: next(iter(named.values())) for text, named in pairs if len(named) == 1}
    wanted = np.array([subjects.get(text, UNKNOWN) if text is not None else UNKNOWN for text in given], np.int64)
    return [None if owner < 0 else customer_text(int(owner)) for owner in generation.customer_of(wanted)]


def _one_each(customers: Sequence[str | None], rows: Sequence[FactRow]) -> list[int]:
    """The places of the rows to keep: of several that mean one customer, the one told last."""
    last: dict[str, int] = {}
    for place, customer in enumerate(customers):
        if customer is not None:
            told = last.setdefault(customer, place)
            if (rows[told].time, rows[told].seq) < (rows[place].time, rows[place].seq):
                last[customer] = place
    return [place for place, customer in enumerate(customers) if customer is None or last[customer] == place]


def _terms(settings: Settings) -> Terms:
    return Terms(settings.currency, settings.zone)
