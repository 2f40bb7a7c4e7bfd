"""What the languages have in common: properties of the client's own, and changes of a person's traits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotu.collect.segment import TRAIT_IDENTIFIERS
from wotu.collect.values import Fault


def object_at(message: Mapping[str, Any], name: str, place: str = "") -> dict[str, Any]:
    """The object at ``name`` (empty when missing); a fault when it is something else."""
    value = message.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Fault(f"{place}.{name}" if place else name, "is not an object")
    return dict(value)


def own_names(properties: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Properties without the client's own (``$…``), of which those in ``names`` are kept under that name."""
    own = {name: value for name, value in properties.items() if not name.startswith("$")}
    for name, wanted in names.items():
        value = properties.get(name)
        if value is not None and value != "":
            own.setdefault(wanted, value)
    return own


def person_changes(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Traits that tell how a person changes: ``set`` as they are, others under ``$`` and their name.

    ``{"set": {"city": "Xi'an"}, "set_once": {"seen": 1}}`` gives ``{"city": "Xi'an", "$set_once": {"seen": 1}}``.
    An identifier stands among those that are set, whichever way it came: it is not a trait.
    """
    traits = dict(changes.get("set", {}))
    for operation, values in changes.items():
        if operation == "set":
            continue
        rest = {name: value for name, value in values.items() if name not in TRAIT_IDENTIFIERS}
        for name in values.keys() - rest.keys():
            traits.setdefault(name, values[name])
        if rest:
            traits[f"${operation}"] = rest
    return traits
