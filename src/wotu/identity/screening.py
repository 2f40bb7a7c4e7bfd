"""Messages of before an erasure that name an erased identifier: they come too late, and are not taken.

A message is refused when its owner was erased after it happened, or when nobody known is its owner and
any of its identifiers was. A message of a known customer stays, without the erased identifier: nobody
else loses anything by somebody's erasure.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.identifiers import IDENTIFIERS
from wotu.identity.erasures import Tombstones
from wotu.identity.evidence import NOBODYS_TYPES
from wotu.identity.index import UNKNOWN
from wotu.identity.normalise import identifier_keys, normalise

Mask = npt.NDArray[np.bool_]
Find = Callable[[pa.Array], npt.NDArray[np.int64]]


def screened(messages: pa.Table, owned: pa.Table, stones: Tombstones, find: Find) -> tuple[pa.Table, Mask]:
    """The messages without erased identifiers, and which of them may be taken.

    ``owned`` are the same messages, each with at least one identifier; ``find`` gives the subject of a key.
    """
    times = messages["time"].cast(pa.int64()).to_numpy()
    person = pc.invert(pc.is_in(messages["type"], pa.array(NOBODYS_TYPES))).to_numpy()
    owner_known, owner_gone, any_gone, headless = (np.zeros(len(messages), np.bool_) for _ in range(4))
    headless[:] = True
    for kind in IDENTIFIERS:
        keys, given = _keys(owned, kind)
        if not given.any():
            continue
        gone = np.zeros(len(messages), np.bool_)
        gone[given] = stones.times(keys) >= times[given]
        known = np.zeros(len(messages), np.bool_)
        known[given] = find(keys) != UNKNOWN
        # Kinds come in the order in which a message looks for its owner.
        heads = given & headless
        owner_known |= heads & known
        owner_gone |= heads & gone
        headless &= ~given
        any_gone |= gone
        messages = _without(messages, kind, gone & person)
    refused = person & (owner_gone | (any_gone & ~owner_known))
    return messages, ~refused


def _keys(messages: pa.Table, kind: str) -> tuple[pa.Array, Mask]:
    """The keys of the usable identifiers of one kind, and which messages have one."""
    values = normalise(kind, messages[kind].combine_chunks())
    given = pc.is_valid(values)
    keys = identifier_keys(kind, messages["namespace"].combine_chunks(), values).filter(given)
    return keys, given.to_numpy(zero_copy_only=False)


def _without(messages: pa.Table, kind: str, rows: Mask) -> pa.Table:
    if not rows.any():
        return messages
    # The previous id of an alias counts as an anonymous one.
    for name in (kind, "previous_id") if kind == "anonymous_id" else (kind,):
        kept = pc.if_else(pa.array(rows), pa.scalar(None, pa.string()), messages[name].combine_chunks())
        messages = messages.set_column(messages.schema.get_field_index(name), messages.schema.field(name), kept)
    return messages
