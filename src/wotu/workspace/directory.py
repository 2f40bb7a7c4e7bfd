"""Finding customers: the list, one person, and who an identifier belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.identifiers import IDENTIFIERS
from wotu.core.periods import from_micros
from wotu.identity.lookup import named_subjects
from wotu.score.rfm_answer import RfmAnswer
from wotu.score.segments import KEYS
from wotu.timeline.filters import read_filter
from wotu.timeline.generation import Generation
from wotu.timeline.masks import Terms
from wotu.timeline.questions import Source
from wotu.workspace.customer_table import NAME_TRAIT, CustomerPage, CustomerRow, CustomerTable
from wotu.workspace.profiles import (
    CustomerProfile,
    OrderPage,
    Place,
    RfmRow,
    TimelinePage,
    identifiers_of,
    instant,
    money,
    orders_page,
    place_of,
    timeline_page,
    traits_of,
)  # fmt: skip

_MOST_VALUES = 50


class Named(NamedTuple):
    """An identifier that exists, its subject and the customer it belongs to; ``namespace`` of user ids only."""

    kind: str
    namespace: str
    value: str
    subject: int
    customer: int

    @property
    def text(self) -> str:
        """The identifier as people write it."""
        return f"{self.kind}:{self.value}" + (f" of {self.namespace}" if self.namespace else "")


class Directory:
    """Customers of one generation."""

    def __init__(self, generation: Generation, identity: Path, *, now: int) -> None:
        self._generation = generation
        self._identity = identity
        self._now = now

    @cached_property
    def table(self) -> CustomerTable:
        """All customers as arrays, made on first use."""
        return CustomerTable(self._generation, now=self._now)

    def page(
        self, source: Source, answer: RfmAnswer, *, search: str, where: str, segment: str, sort: str, limit: int,
        offset: int, among: Sequence[str] | None = None, by_name: bool = False, after: str | None = None,
    ) -> CustomerPage:  # fmt: skip
        """The customers that fit, sorted, from ``offset`` on, or from behind the page that ended with ``after``."""
        order = self.table.order(sort)
        expression = read_filter(where, source.manifest)
        wanted = self.table.matching(expression, Terms(source.zone, source.money_places, source.session_gap))
        segments = self.table.segments(answer)
        if segment:
            if segment not in KEYS:
                raise invalid_argument("segment", f"segment={segment!r} is not known; use one of {', '.join(KEYS)}.")
            wanted &= segments == KEYS.index(segment)
        if among is not None:
            wanted &= np.isin(self.table.ids, [self.find(customer) for customer in among])
        if search.strip():
            wanted &= self.table.named(search.strip(), identifiers=not by_name)
        total = int(wanted.sum())
        if after is not None:
            order = order[self.table.behind(sort, after) :]
        found = order[wanted[order]][offset:]
        rows = tuple(self._row(int(at), int(segments[at]), source) for at in found[:limit])
        more = self.table.mark(sort, int(found[limit - 1])) if 0 < limit < len(found) else None
        return CustomerPage(rows, total, more)

    def traits(self) -> dict[str, list[tuple[str, int]]]:
        """Text traits with their most frequent values."""
        shards = self._generation.shards
        found: dict[str, list[tuple[str, int]]] = {}
        for name, kind in self._generation.manifest.traits.items():
            if kind != "text":
                continue
            texts = shards[0].trait(name).texts.to_pylist()
            codes = np.concatenate([shard.trait(name).values[shard.shown] for shard in shards])
            counts = np.bincount(codes[codes >= 0], minlength=len(texts)).tolist()
            used = [pair for pair in zip(texts, counts, strict=True) if pair[1]]
            ranked = sorted(used, key=lambda pair: (-pair[1], pair[0]))
            found[name] = ranked[:_MOST_VALUES]
        return found

    def profile(self, source: Source, answer: RfmAnswer, identifier: str) -> CustomerProfile:
        """One customer at a glance."""
        customer = self.find(identifier)
        place = self._place(customer)
        at = self.table.position(place.shard, place.row)
        traits = traits_of(place)
        name = traits.get(NAME_TRAIT)
        return CustomerProfile(
            customer_id=customer_text(customer),
            name=None if name is None else str(name),
            identifiers=identifiers_of(place),
            traits=traits,
            first_seen=instant(int(self.table.first_seen[at]), source),
            last_seen=instant(int(self.table.last_seen[at]), source),
            events=int(place.shard.per_customer("events")[place.row]),
            orders=int(self.table.orders[at]),
            revenue=money(int(self.table.revenue[at]), source),
            rfm=_rfm_row(customer, answer, source),
        )

    def orders(self, source: Source, identifier: str, *, limit: int, before: str | None) -> OrderPage:
        return orders_page(self._place(self.find(identifier)), source, limit=limit, before=before)

    def timeline(
        self, source: Source, identifier: str, *, limit: int, before: str | None, events: Sequence[str]
    ) -> TimelinePage:
        return timeline_page(self._place(self.find(identifier)), source, limit=limit, before=before, events=events)

    def find(self, identifier: str) -> int:
        """The customer's number; raises when nobody or more than one is meant."""
        found = self._candidates(identifier.strip())
        if not found:
            raise WotuError(
                ErrorCode.UNKNOWN_CUSTOMER,
                f"no customer is known as {identifier!r}; give an id such as c42, type:value or a bare value.",
                field="identifier",
            )
        if len(found) > 1:
            ids = ", ".join(customer_text(number) for number in sorted(found))
            raise WotuError(
                ErrorCode.AMBIGUOUS_IDENTIFIER,
                f"{identifier!r} may mean {ids}; write its type in front, such as user_id:{identifier}.",
                field="identifier",
            )
        return found.pop()

    def _candidates(self, identifier: str) -> set[int]:
        number = customer_number(identifier)
        if number is not None and place_of(self._generation, number) is not None:
            return {number}
        found = {named.customer for named in self.named(identifier)}
        # The id of before a merge still finds the customer.
        merged = None if found or number is None else self._owner(number)
        return found if merged is None else {merged}

    def named(self, identifier: str) -> list[Named]:
        """Every identifier that ``type:value`` or a bare value may mean."""
        kind, _, value = identifier.strip().partition(":")
        kinds = [kind] if kind in IDENTIFIERS and value else IDENTIFIERS
        text = value if kinds == [kind] else identifier.strip()
        return [
            Named(kind, namespace, text, subject, owner)
            for kind in kinds
            for namespace, subject in named_subjects(self._identity, kind, text).items()
            if (owner := self._owner(subject)) is not None
        ]

    def customer_of(self, subject: int) -> int:
        """The customer of a subject that the timelines know."""
        owner = self._owner(subject)
        assert owner is not None
        return owner

    def _owner(self, subject: int) -> int | None:
        """The customer of a subject; ``None`` when no timeline has it (yet, or any more)."""
        owner = int(self._generation.customer_of(np.array([subject]))[0])
        return owner if place_of(self._generation, owner) is not None else None

    def members(self, customer: int) -> npt.NDArray[np.int64]:
        """All subjects of a customer."""
        identifiers = self._place(customer).shard.part.customers["identifiers"]
        row = self._place(customer).row
        return np.array(sorted(item["subject"] for item in identifiers[row].as_py()), np.int64)

    def _place(self, customer: int) -> Place:
        place = place_of(self._generation, customer)
        assert place is not None
        return place

    def _row(self, at: int, segment: int, source: Source) -> CustomerRow:
        shard, row = self.table.locate(at)
        identifiers = identifiers_of(Place(shard, row))
        main = min(identifiers, key=lambda item: IDENTIFIERS.index(item.type), default=None)
        last = int(self.table.last_order[at])
        return CustomerRow(
            customer_id=customer_text(int(self.table.ids[at])),
            identifier=f"{main.type}:{main.value}" if main else "",
            name=self.table.names[at].as_py(),
            segment=KEYS[segment] if segment >= 0 else None,
            orders=int(self.table.orders[at]),
            revenue=money(int(self.table.revenue[at]), source),
            last_order=from_micros(last, source.zone).date() if last else None,
            first_seen=instant(int(self.table.first_seen[at]), source),
            last_seen=instant(int(self.table.last_seen[at]), source),
            identified=bool(self.table.identified[at]),
        )


def _rfm_row(customer: int, answer: RfmAnswer, source: Source) -> RfmRow | None:
    at = np.flatnonzero(answer.customer == customer)
    if not len(at):
        return None
    i = int(at[0])
    r, f, m = (int(score) for score in answer.scores[:, i])
    return RfmRow(
        int(answer.recency[i]), int(answer.frequency[i]), money(int(answer.monetary[i]), source), r, f, m,
        r * 100 + f * 10 + m, KEYS[answer.segment[i]],
    )  # fmt: skip
