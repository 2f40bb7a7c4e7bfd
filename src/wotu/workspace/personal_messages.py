"""A person's messages as they could be sent again: Segment-spec objects, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from wotu.core.money import decimal_text
from wotu.core.properties import MONEY, is_property_column, property_name
from wotu.lake.messages import Lake

Integers = npt.NDArray[np.int64]
# (kind, value)
Known = tuple[str, str]
_FIXED = ["seq", "subject", "time", "received", "source", "message_id", "type", "event", "products", "traits", "rest"]
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def personal_messages(
    lake: Lake, seq: Integers, carried: Mapping[tuple[str, str], list[Known]], owners: Mapping[int, Known], *,
    currency: str,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The messages with these seq (sorted); the same objects, collected again, make the same person.

    ``carried`` are the identifiers that a message (by source and id) was the first to carry beside that of its
    owner; ``owners`` gives the identifier of each subject.
    """
    columns = [*_FIXED, *(field.name for field in lake.schema() if is_property_column(field.name))]
    for batch in lake.scan(columns, only=seq):
        for row in batch.to_pylist():
            if row["subject"] is not None:
                known = [owners[row["subject"]], *carried.get((row["source"], row["message_id"]), ())]
                yield _message(row, list(dict.fromkeys(known)), currency)


def _message(row: dict[str, Any], known: list[Known], currency: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": row["type"], "messageId": row["message_id"], "timestamp": _time(row["time"]),
        "receivedAt": _time(row["received"]), "source": row["source"],
    }  # fmt: skip
    traits = _DECODER.decode(row["traits"]) if row["traits"] else {}
    properties = _properties(row, currency)
    if row["type"] == "track":
        message["event"] = row["event"]
    elif row["type"] in ("page", "screen"):
        message["name"] = str(row["event"]).partition(": ")[2]
    elif row["type"] == "group":
        message["groupId"] = properties.pop("group_id", None)
    named = _identify(message, known)
    if row["type"] == "identify":
        traits |= named
    elif named:
        message["context"] = {**message.get("context", {}), "traits": named}
    if row["type"] in ("identify", "group"):
        message["traits"] = traits
    elif traits:
        message.setdefault("context", {}).setdefault("traits", {}).update(traits)
    if properties:
        message["properties"] = properties
    return message


def _identify(message: dict[str, Any], known: list[Known]) -> dict[str, str]:
    """Name the person in ``message``; the identifiers that stand among traits."""
    named: dict[str, str] = {}
    anonymous = [value for kind, value in known if kind == "anonymous_id" and not value.startswith("message:")]
    for kind, value in known:
        if kind == "user_id":
            message["userId"] = value
        elif kind == "device_id":
            message["context"] = {"device": {"id": value}}
        elif kind != "anonymous_id":
            named[kind] = value
    if message["type"] == "alias":
        if anonymous and "userId" in message:
            message["previousId"] = anonymous.pop()
        else:
            # It told nothing new.
            message["type"] = "identify"
    if anonymous:
        message["anonymousId"] = anonymous[0]
    return named


def _properties(row: dict[str, Any], currency: str) -> dict[str, Any]:
    properties: dict[str, Any] = _DECODER.decode(row["rest"]) if row["rest"] else {}
    own = row.get("p_currency") or currency
    for column, value in row.items():
        if is_property_column(column) and value is not None:
            name = property_name(column)
            value = decimal_text(value, own) if name in MONEY else value
            properties[name] = _time(value) if isinstance(value, datetime) else value
    if row["products"] is not None:
        properties["products"] = [_product(line, own) for line in row["products"]]
    return properties


def _product(line: dict[str, Any], currency: str) -> dict[str, Any]:
    more = _DECODER.decode(line["rest"]) if line["rest"] else {}
    told = {name: value for name, value in line.items() if value is not None and name != "rest"}
    for name in ("amount", "cost"):
        if name in told:
            told[name] = decimal_text(told[name], currency)
    return more | told


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
