"""What ``events`` can measure: the words of ``measure=`` and what each needs of an event."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from wotu.core.errors import invalid_argument
from wotu.core.properties import property_column
from wotu.timeline.manifest import Manifest
from wotu.timeline.masks import check_name, present
from wotu.timeline.shard import Shard

Kind = Literal["customers", "count", "per_customer", "sum", "avg", "min", "max", "percentile"]
_PLAIN: dict[str, Kind] = {"customers": "customers", "count": "count", "per_customer": "per_customer"}
_OF_PROPERTY = re.compile(r"(sum|avg|min|max|p(\d{1,2})):(.+)")


@dataclass(frozen=True)
class Measure:
    """``percent`` is that of a percentile; ``money`` says that values are integer minor units."""

    kind: Kind
    property: str | None = None
    percent: int = 0
    money: bool = False

    def values(self, shard: Shard) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
        """The property's values and where they are present."""
        assert self.property is not None
        column = shard.property(property_column(self.property))
        return column.values, present(column)


def parse_measure(text: str, manifest: Manifest) -> Measure:
    """``customers``, ``count``, ``per_customer``, ``sum:P``, ``avg:P``, ``min:P``, ``max:P`` or ``p90:P``."""
    if text in _PLAIN:
        return Measure(_PLAIN[text])
    match = _OF_PROPERTY.fullmatch(text)
    if match is None:
        raise invalid_argument(
            "measure",
            f"measure={text!r} is not known; use customers, count, per_customer, sum:P, avg:P, min:P, max:P or p90:P.",
        )
    name = match[3]
    check_name(name, manifest, field="measure")
    kind = manifest.properties.get(property_column(name))
    if kind not in ("number", "money"):
        raise invalid_argument("measure", f"measure={text!r} needs a number; {name!r} holds {kind} values.")
    if match[2]:
        return Measure("percentile", name, int(match[2]), kind == "money")
    function: Kind = match[1]  # type: ignore[assignment]
    return Measure(function, name, 0, kind == "money")
