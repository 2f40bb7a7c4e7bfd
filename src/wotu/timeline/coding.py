"""Which number stands for which event name and text: it grows with what comes in, and never changes.

Every layer of a generation is written in the same coding, so that layers can lie upon one another.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.facts.vocabulary import PropertyKind
from wotu.timeline.columns import Dictionary

# Event codes are uint16; names beyond the last code share it.
LAST_CODE = 65_535
NAMES = "event"


class Coding:
    """The kinds of properties (by lake column) and traits, and the codes of all texts."""

    def __init__(
        self,
        properties: Mapping[str, PropertyKind] | None = None,
        traits: Mapping[str, PropertyKind] | None = None,
        texts: Mapping[str, pa.Array] | None = None,
    ) -> None:
        self.properties = dict(properties or {})
        self.traits = dict(traits or {})
        self._stored = dict(texts or {})
        self._known: dict[str, Dictionary] = {}
        self._written = {column: len(values) for column, values in self._stored.items()}

    def dictionary(self, column: str) -> Dictionary:
        """The codes of one column: ``event``, ``p_…`` or ``t_…``."""
        if column not in self._known:
            stored = self._stored.get(column)
            self._known[column] = Dictionary(() if stored is None else stored.to_pylist())
        return self._known[column]

    def names(self, values: pa.Array) -> npt.NDArray[np.uint16]:
        """Codes of event names."""
        return np.minimum(self.dictionary(NAMES).encode(values), LAST_CODE).astype(np.uint16)

    def event_names(self) -> tuple[str, ...]:
        """The name of every event code."""
        known = self.dictionary(NAMES).texts().to_pylist()
        return tuple(known if len(known) <= LAST_CODE else [*known[:LAST_CODE], "(other)"])

    def unwritten(self) -> dict[str, pa.Array]:
        """The texts of every column that got a code since the last call."""
        new = {}
        for column, dictionary in self._known.items():
            if len(dictionary) > self._written.get(column, 0):
                new[column] = dictionary.texts(self._written.get(column, 0))
                self._written[column] = len(dictionary)
        return new
