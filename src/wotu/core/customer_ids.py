"""Wotu's own customer ids: ``c`` and the number of the customer's oldest identity node."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ID = re.compile(r"c(\d{1,18})")


def customer_text(number: int) -> str:
    """The id as people and programs write it."""
    return f"c{number}"


def customer_texts(numbers: Iterable[int]) -> list[str]:
    """Ids of many customers."""
    return [f"c{number}" for number in numbers]


def customer_number(text: str) -> int | None:
    """The number in an id, or ``None`` when ``text`` is not one."""
    match = _ID.fullmatch(text.strip())
    return int(match[1]) if match else None
