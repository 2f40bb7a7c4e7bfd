"""``where`` as questions take it: read, checked against the names there are, with events by their own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wotu.timeline.checking import check_names
from wotu.timeline.expression import All, Any, Expression, OnPath, parse
from wotu.timeline.manifest import Manifest
from wotu.timeline.path_pattern import renamed


def read_filter(where: str | Mapping[str, object], manifest: Manifest, *, field: str = "where") -> Expression | None:
    """The expression of ``where``; raises naming ``field``. Names that people gave to events mean their events."""
    expression = parse(where, field=field)
    check_names(expression, manifest, field=field)
    return None if expression is None else _with_events(expression, manifest)


def _with_events(expression: Expression, manifest: Manifest) -> Expression:
    if isinstance(expression, OnPath):
        return replace(expression, pattern=renamed(expression.pattern, manifest.meant_by))
    if isinstance(expression, (All, Any)):
        return replace(expression, parts=tuple(_with_events(part, manifest) for part in expression.parts))
    return expression
