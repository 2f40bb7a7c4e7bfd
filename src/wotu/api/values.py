"""Values of other rooms as JSON has them: money and quantities as decimal text, instants with their offset."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any


def texts(record: Any, *names: str) -> dict[str, Any]:
    """The fields of a dataclass, those of ``names`` as decimal text."""
    found = {each.name: getattr(record, each.name) for each in fields(record)}
    return found | {name: None if found[name] is None else format(found[name], "f") for name in names}


def plain(value: Any) -> Any:
    """A free-form value, at whatever depth."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
