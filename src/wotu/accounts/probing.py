"""Keeps those who may not see identifiers from finding them out by asking.

Whoever may filter ``phone contains "1380"`` learns a number digit by digit; whoever may group by it reads
it off. A whole value may be asked for: that is how somebody who knows a customer finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wotu.accounts.masking import is_personal
from wotu.accounts.sight import Sight
from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.expression import names, parse

_WHOLE = ("==", "!=", "in", "not in", "is null", "is not null")


def check_filter(sight: Sight, where: Any, field: str = "where") -> None:
    """Refuse a filter that looks into an identifier."""
    if sight.whole or not isinstance(where, str):
        return
    expression = parse(where, field=field)
    for condition in names(expression) if expression else ():
        if is_personal(condition.name) and condition.operator not in _WHOLE:
            message = f"{field}: your role may ask for a whole {condition.name} only, with == or in."
            raise WotuError(ErrorCode.FORBIDDEN, message, field=field)


def check_filters(sight: Sight, asked: Any, field: str) -> None:
    """The same for every filter within events or rules of stages."""
    for place, where in _filters(asked, field):
        check_filter(sight, where, place)


def check_grouping(sight: Sight, by: str | None) -> None:
    """Refuse groups by an identifier."""
    if not sight.whole and by is not None and is_personal(by):
        raise WotuError(ErrorCode.FORBIDDEN, f"by: your role may not group by {by}.", field="by")


def _filters(asked: Any, field: str) -> Iterator[tuple[str, Any]]:
    if isinstance(asked, Mapping):
        for name, value in asked.items():
            if name in ("where", "trait"):
                yield f"{field}.{name}", value
            else:
                yield from _filters(value, f"{field}.{name}")
    elif isinstance(asked, (list, tuple)):
        for number, value in enumerate(asked):
            yield from _filters(value, f"{field}[{number}]")
