"""What the lake holds of a person: their messages, their identifiers, and rows of facts that name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.customer_ids import customer_number
from wotu.core.fact_tables import TABLES
from wotu.core.identifiers import IDENTIFIERS
from wotu.identity.erasures import Tombstones
from wotu.identity.evidence import NOBODYS_TYPES
from wotu.identity.index import UNKNOWN
from wotu.identity.normalise import identifier_keys, normalise
from wotu.lake.messages import Lake

Integers = npt.NDArray[np.int64]
_NONE = np.empty(0, np.int64)
_LINKS = ["subject", "id_kind", "id_namespace", "id_value"]


@dataclass(frozen=True)
class Links:
    """Identifiers as the lake knows them, with their subjects and the keys they are indexed under."""

    subject: Integers
    kind: list[str]
    namespace: list[str]
    value: list[str]
    keys: pa.Array

    def by_kind(self) -> dict[str, frozenset[str]]:
        """The values of each kind."""
        pairs = list(zip(self.kind, self.value, strict=True))
        return {kind: frozenset(value for its, value in pairs if its == kind) for kind in dict.fromkeys(self.kind)}


def links_of(lake: Lake, subjects: Integers, stones: Tombstones) -> Links:
    """The identifiers of ``subjects``, and all that ``stones`` know."""
    tables = []
    for batch in lake.scan(_LINKS, types=("identity",), events=("link",)):
        plain = pa.table({name: batch[name].cast(_plain(name)) for name in _LINKS})
        plain = plain.filter(pc.is_valid(plain["id_value"])).combine_chunks()
        wanted = np.isin(plain["subject"].to_numpy(), subjects)
        if stones:
            wanted |= stones.places(_keys(plain)) != UNKNOWN
        tables.append(plain.filter(pa.array(wanted)))
    none = pa.table({name: pa.array([], _plain(name)) for name in _LINKS})
    found = pa.concat_tables([none, *tables]).combine_chunks()
    kinds, namespaces, values = (found[name].to_pylist() for name in _LINKS[1:])
    return Links(found["subject"].to_numpy(), kinds, namespaces, values, _keys(found))


@dataclass(frozen=True)
class Traces:
    """Numbers (seq, sorted) of rows: ``theirs`` are messages of a person and facts about them, ``links`` what
    identity knew about them alone, ``shared`` what it decided about them and others. ``messages`` are (source,
    message id) of ``theirs``."""

    theirs: Integers
    links: Integers
    shared: Integers
    messages: frozenset[tuple[str, str]]


def traces_of(lake: Lake, subjects: Integers, stones: Tombstones, namespaces: list[str]) -> Traces:
    """The rows of the lake that are of ``subjects``, or name one of them or an identifier in ``stones``."""
    theirs, links, shared = _numbers(lake, subjects)
    actions = _sent(lake, shared)
    gone = set(subjects.tolist())
    named: list[int] = []
    for batch in lake.scan(["seq", "source", "message_id", "type", "event", "rest"], types=NOBODYS_TYPES):
        for row in batch.to_pylist():
            is_action = (row["source"], row["message_id"]) in actions
            if is_action or names_any(row["type"], row["event"], row["rest"], gone, stones, namespaces):
                named.append(row["seq"])
    return Traces(np.union1d(theirs, np.array(named, np.int64)), links, shared, _sent(lake, theirs))


def _numbers(lake: Lake, subjects: Integers) -> tuple[Integers, Integers, Integers]:
    """The rows of ``subjects``: messages, what identity knew about them alone, what it decided with others."""
    found: tuple[list[Integers], ...] = ([], [], [])
    for batch in lake.scan(["seq", "subject", "other", "type", "event"]):
        own, other = (_isin(batch[side], subjects) for side in ("subject", "other"))
        identity, erase = (_is(batch[name], text) for name, text in (("type", "identity"), ("event", "erase")))
        alone = own & (other | batch["other"].is_null().to_numpy(zero_copy_only=False))
        masks = own & ~identity, identity & alone & ~erase, identity & (own | other) & ~alone
        for numbers, mask in zip(found, masks, strict=True):
            numbers.append(batch["seq"].to_numpy()[mask])
    theirs, links, shared = (np.sort(np.concatenate([_NONE, *numbers])) for numbers in found)
    return theirs, links, shared


def _sent(lake: Lake, seq: Integers) -> frozenset[tuple[str, str]]:
    """Source and id of the messages that rows came from."""
    if not len(seq):
        return frozenset()
    batches = lake.scan(["source", "message_id"], only=seq)
    texts = ([batch[name].cast(pa.string()).to_pylist() for name in ("source", "message_id")] for batch in batches)
    return frozenset(pair for sources, ids in texts for pair in zip(sources, ids, strict=True))


def names_any(
    kind: str, event: str | None, text: str | None, subjects: set[int], stones: Tombstones, namespaces: list[str]
) -> bool:
    """Whether a message of nobody (a fact row, a merge, a split) names one of ``subjects`` or an erased identifier."""
    for named in _named(kind, event, text):
        if isinstance(named, int):
            if named in subjects:
                return True
        elif stones and (stones.places(_keys_of(*named, namespaces)) != UNKNOWN).any():
            return True
    return False


def _named(kind: str, event: str | None, text: str | None) -> Iterator[int | tuple[str, str]]:
    """The customers (by number) and identifiers (kind, value) that a message of nobody names."""
    try:
        row: dict[str, Any] = msgspec.json.decode(text or "{}", type=dict[str, Any])
    except msgspec.DecodeError:
        return
    if kind == "merge":
        named = row.get("customers")
        yield from (number for each in named or () if (number := customer_number(str(each))) is not None)
    elif kind == "split":
        yield str(row.get("kind")), str(row.get("value"))
    elif event in TABLES and (column := TABLES[event].customer) is not None:
        given = str(row.get(column, ""))
        number = customer_number(given)
        if number is not None:
            yield number
        else:
            its_kind, _, value = given.partition(":")
            yield its_kind, value


def _keys_of(kind: str, value: str, namespaces: list[str]) -> pa.Array:
    if kind not in IDENTIFIERS:
        return pa.array([], pa.string())
    values = normalise(kind, pa.array([value] * len(namespaces), pa.string()))
    return identifier_keys(kind, pa.array(namespaces, pa.string()), values).drop_null()


def _keys(links: pa.Table) -> pa.Array:
    keys = pa.nulls(len(links), pa.string())
    namespaces, values = (links[name].combine_chunks() for name in ("id_namespace", "id_value"))
    for kind in links["id_kind"].unique().to_pylist():
        mine = pc.equal(links["id_kind"].combine_chunks(), kind)
        keys = pc.if_else(mine, identifier_keys(kind, namespaces, values), keys)
    return keys


def _isin(column: pa.Array, subjects: Integers) -> npt.NDArray[np.bool_]:
    known = pc.is_in(column.cast(pa.int64()), pa.array(subjects))
    return np.asarray(known.to_numpy(zero_copy_only=False))


def _is(column: pa.Array, text: str) -> npt.NDArray[np.bool_]:
    equal = pc.equal(column.cast(pa.string()), text).fill_null(False)
    return np.asarray(equal.to_numpy(zero_copy_only=False))


def _plain(name: str) -> pa.DataType:
    return pa.int64() if name == "subject" else pa.string()
