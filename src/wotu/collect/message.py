"""The message contract: what every source turns its rows into, and what the settler reads.

A batch of messages is an Arrow table with the columns of ``ENVELOPE`` plus one column per property
that is already typed, named by ``core.properties.property_column``. Properties of unknown type
travel as one JSON object per row in ``properties``.
"""

from __future__ import annotations

import pyarrow as pa

from wotu.core.identifiers import IDENTIFIERS

INSTANT = pa.timestamp("us", tz="UTC")

MESSAGE_TYPES = ("track", "page", "screen", "identify", "group", "alias", "row", "merge", "split")

# One line of an order. ``amount`` (minor units) is what was paid for the line, ``price`` the unit
# price, ``cost`` the unit cost in minor units, ``rest`` every other key as JSON.
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

ENVELOPE = pa.schema(
    [
        pa.field("type", pa.string(), nullable=False),
        pa.field("event", pa.string()),  # null for identify, group and alias
        pa.field("time", INSTANT, nullable=False),
        pa.field("received", INSTANT, nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("namespace", pa.string(), nullable=False),
        pa.field("message_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in IDENTIFIERS),
        pa.field("previous_id", pa.string()),  # alias only
        pa.field("products", pa.list_(PRODUCT)),
        pa.field("traits", pa.string()),  # JSON object, identifiers taken out
        pa.field("properties", pa.string()),  # JSON object of what has no column of its own
    ]
)
