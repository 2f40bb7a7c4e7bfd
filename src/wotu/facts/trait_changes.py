"""How what a message says about a person changes what is known: set, set once, add, append, take away.

A message's traits are a JSON object. Its names are set, ``null`` included. Four names are no traits but
what some clients ask for: ``$set_once`` (only what is not known yet), ``$increment`` (add numbers),
``$append`` (add what a list does not hold yet), ``$delete`` (forget everything).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_OPERATIONS = ("$set_once", "$increment", "$append", "$delete")


def changed(known: Mapping[str, Any] | None, told: Mapping[str, Any]) -> dict[str, Any]:
    """The traits after a message that came with ``told``; its names that are set come last.

    >>> changed({"a": 1, "b": 2}, {"b": 3, "$set_once": {"a": 9, "c": 9}, "$increment": {"n": 2}})
    {'a': 1, 'b': 3, 'c': 9, 'n': 2}
    """
    if not any(name in told for name in _OPERATIONS):
        return {**(known or {}), **told}
    traits = {} if told.get("$delete") is True else dict(known or {})
    for name, value in _values(told, "$set_once").items():
        if traits.get(name) is None:
            traits[name] = value
    for name, value in _values(told, "$increment").items():
        if _is_number(value) and (traits.get(name) is None or _is_number(traits[name])):
            traits[name] = (traits.get(name) or 0) + value
    for name, value in _values(told, "$append").items():
        traits[name] = _appended(traits.get(name), value)
    return traits | {name: value for name, value in told.items() if name not in _OPERATIONS}


def _values(told: Mapping[str, Any], operation: str) -> Mapping[str, Any]:
    values = told.get(operation)
    return values if isinstance(values, Mapping) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _appended(known: object, more: object) -> list[Any]:
    items = [] if known is None else list(known) if isinstance(known, list) else [known]
    for item in more if isinstance(more, list) else [more]:
        if item not in items:
            items.append(item)
    return items
