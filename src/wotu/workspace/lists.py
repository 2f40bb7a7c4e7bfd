"""Lists of customers that people save: an answer's customers under a name, for filters and later questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Protocol

import numpy as np

from wotu.core.customer_ids import customer_texts
from wotu.core.errors import invalid_argument
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.timeline.generation import Generation
from wotu.timeline.masks import customer_mask
from wotu.timeline.published import AUDIENCE, check_label, publish, unpublish
from wotu.timeline.questions import Source


@dataclass(frozen=True)
class SavedList:
    """A list: how many customers are on it now, and when it was saved (ISO 8601)."""

    name: str
    customers: int
    saved: str
    description: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "customers": self.customers, "saved": self.saved, "description": self.description,
        }  # fmt: skip


class _Space(Protocol):
    """What lists need of a workspace."""

    layout: Layout

    @property
    def settings(self) -> Settings: ...

    def generation(self) -> Generation: ...

    def lists(self) -> list[SavedList]: ...


class Lists:
    """The lists of a workspace; questions read one as ``audience="name"`` or ``audience.name`` in a filter."""

    def save_list(self: _Space, name: str, customer_ids: Sequence[str], *, description: str = "") -> SavedList:
        """Keep customers (Wotu ids such as ``c42``) as the list ``name``, in the place of an earlier one of that name.

        Ids of before a merge stand for the customer of now. Whom nobody knows (any more) is left out:
        ``customers`` of what is returned says how many are on the list.
        """
        label = check_label(name, field="name")
        saved = datetime.now(UTC).astimezone(self.settings.zone).replace(microsecond=0)
        publish(self.layout, AUDIENCE + label, customer_ids, None, saved, description=description)
        return _saved(self.generation(), label)

    def lists(self: _Space) -> list[SavedList]:
        """All lists, by name."""
        generation = self.generation()
        names = (name for name in generation.manifest.published if name.startswith(AUDIENCE))
        return [_saved(generation, name.removeprefix(AUDIENCE)) for name in sorted(names)]

    def list_customers(self: _Space, name: str) -> list[str]:
        """The ids of the customers on a list now, oldest first. An unknown name is an error with the nearest ones."""
        generation = self.generation()
        owners = np.unique(generation.customer_of(generation.published.columns[AUDIENCE + _known(self, name)].ids))
        return customer_texts(owners[owners >= 0])

    def delete_list(self: _Space, name: str) -> None:
        """Take a list out; the customers stay. An unknown name is an error with the nearest ones."""
        unpublish(self.layout, AUDIENCE + _known(self, name))


def no_list(name: str, known: Sequence[str]) -> str:
    """What to say where there is no list of a name."""
    near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.0))
    return f"name: no list is called {name!r}. " + (f"Nearest: {near}." if near else "None has been saved yet.")


def matching(source: Source, where: str) -> list[str]:
    """The customers for whom a filter over columns of customers and paths holds, oldest first."""
    scope = source.scope(where=where)
    found = [np.empty(0, np.int64)]
    for shard in source.generation.shards:
        kept = customer_mask(scope.where, shard, scope.terms)
        found.append(shard.ids[kept if shard.hidden is None else kept & ~shard.hidden])
    return customer_texts(np.sort(np.concatenate(found)))


def _known(space: _Space, name: str) -> str:
    label = name.strip()
    known = [each.name for each in space.lists()]
    if label not in known:
        raise invalid_argument("name", no_list(label, known))
    return label


def _saved(generation: Generation, label: str) -> SavedList:
    stored = generation.published.columns[AUDIENCE + label]
    owners = np.unique(generation.customer_of(stored.ids))
    return SavedList(label, int((owners >= 0).sum()), stored.entry.as_of, stored.entry.description)
