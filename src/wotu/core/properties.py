"""How a property of an event is named as a column, and which properties are money."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

# Amounts of an order or refund: integer minor units of the row's currency, in every column.
MONEY = ("revenue", "discount", "shipping", "tax")

_PLAIN = re.compile(r"[a-z0-9_]")


@lru_cache(maxsize=4096)
def property_column(name: str) -> str:
    """The column that holds property ``name``: ``p_`` and the name, percent-encoded.

    Column names of the lake are compared without case and allow no punctuation; the encoding keeps
    ``Color`` and ``color`` apart and is undone by ``property_name``.
    """
    return "p_" + "".join(c if _PLAIN.fullmatch(c) or _uncased(c) else _encoded(c) for c in name)


@lru_cache(maxsize=4096)
def property_name(column: str) -> str:
    """The property that ``column`` holds (the inverse of ``property_column``)."""
    return unquote(column.removeprefix("p_"))


def is_property_column(column: str) -> bool:
    """Whether ``column`` holds a property of its own."""
    return column.startswith("p_")


def _uncased(character: str) -> bool:
    return ord(character) > 127 and character.isalnum() and character.lower() == character.upper()


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8"))
