"""The columns of the table of record.

``subject`` is the identity node a message belongs to and is never rewritten; identity decisions are
rows of the same table (``type`` = ``identity``; ``event`` = ``link``, ``join``, ``merge`` or ``split``).
"""

from __future__ import annotations

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")

PRODUCT = pa.struct(
    [
        ("product_id", pa.string()),
        ("name", pa.string()),
        ("category", pa.string()),
        ("quantity", pa.decimal128(18, 3)),
        ("price", pa.decimal128(18, 6)),
        ("amount", pa.int64()),
        ("cost", pa.int64()),
        ("rest", pa.string()),
    ]
)

MESSAGES = pa.schema(
    [
        ("seq", pa.int64()),  # order of arrival, unique; breaks ties in time
        ("subject", pa.int64()),  # null for fact rows
        ("time", INSTANT),
        ("received", INSTANT),
        ("source", pa.string()),
        ("message_id", pa.string()),
        ("type", pa.string()),
        ("event", pa.string()),
        ("id_kind", pa.string()),  # identity rows only, as are the next three
        ("id_namespace", pa.string()),
        ("id_value", pa.string()),
        ("other", pa.int64()),
        ("products", pa.list_(PRODUCT)),
        ("traits", pa.string()),
        ("rest", pa.string()),  # JSON of the properties that have no column of their own
    ]
)
