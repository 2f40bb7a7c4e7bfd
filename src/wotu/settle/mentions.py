"""Does a text name somebody? For rows of the quarantine, which nobody could read, and for rows of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pyarrow as pa

from wotu.identity.normalise import normalise

# The normalised identifiers of one person by kind.
Identifiers = Mapping[str, frozenset[str]]
# Shorter values stand by chance inside longer texts: they count where they are the whole value.
_LONG = 6
_PHONE_NOISE = re.compile(r"[\s\-().·/]+")
_CHINA = re.compile(r"^\+86(?=1)")


def mentions(text: str, identifiers: Identifiers) -> bool:
    """Whether ``text`` holds one of ``identifiers`` in any writing: as a value of its JSON, or as words of it.

    A text that is no JSON may have been cut, so that even the shortest identifier counts in it.
    """
    values = _values(text)
    if values is None:
        return _holds_words(text, identifiers, shortest=1)
    if any(_holds_value(values, kind, wanted) for kind, wanted in identifiers.items()):
        return True
    return any(_holds_words(value, identifiers, shortest=_LONG) for value in values)


def _values(text: str) -> list[str] | None:
    """Every text and number of a JSON object or list, names included; ``None`` where the text is neither."""
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return list(_leaves(decoded)) if isinstance(decoded, (dict, list)) else None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from _leaves(held)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)


def _holds_value(values: list[str], kind: str, wanted: frozenset[str]) -> bool:
    written = normalise(kind, pa.array(values, pa.string()))
    return not wanted.isdisjoint(written.to_pylist())


def _holds_words(text: str, identifiers: Identifiers, *, shortest: int) -> bool:
    for kind, wanted in identifiers.items():
        if kind == "phone":
            digits = _PHONE_NOISE.sub("", text)
            if any(_stands(_CHINA.sub("", value).removeprefix("+"), digits, r"\d") for value in wanted):
                return True
        folded = text.lower() if kind == "email" else text
        if any(_stands(value, folded, r"[^\W_]") for value in wanted if len(value) >= shortest):
            return True
    return False


def _stands(value: str, text: str, neighbour: str) -> bool:
    """Whether ``value`` stands in ``text`` with nothing like ``neighbour`` before or behind it."""
    if value not in text:
        return False
    # A phone may stand behind the code of its country.
    before = "" if neighbour == r"\d" else f"(?<!{neighbour})"
    return re.search(f"{before}{re.escape(value)}(?!{neighbour})", text) is not None
