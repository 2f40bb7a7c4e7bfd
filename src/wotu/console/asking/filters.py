"""Filters as rows to fill in: property, operator, value. They write the ``where`` text, which can be typed as well.

A page sends ``P.1.name``, ``P.1.op`` and ``P.1.value`` for a filter named ``P``, or its text as ``P``; an address
always has the text. A text which is more than conditions joined by *and* has no rows and stays a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import pgettext_lazy

from wotu.console.asking.declaring import Field, Words
from wotu.console.asking.drafts import Form, Typed
from wotu.core.errors import WotuError
from wotu.timeline.expression import All, AnyLine, Condition, Expression, OnPath, parse

_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")
_RESERVED = frozenset({"and", "or", "not", "in", "is", "null", "contains", "true", "false"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BETWEEN = re.compile(r"\s*[,，、]\s*")
MOST_ROWS = 20

# The kinds of values each operator makes sense for. What customers did in turn is a kind of its own.
PATH, LINES = "path", "products."
_SINGLE = "text number money time key"
_ANY = f"{_SINGLE} boolean texts"
OPERATORS: tuple[tuple[str, Words, str], ...] = (
    ("==", pgettext_lazy("operator", "is"), _SINGLE),
    ("!=", pgettext_lazy("operator", "is not"), _SINGLE),
    ("in", pgettext_lazy("operator", "is one of"), "text number money key"),
    ("contains", pgettext_lazy("operator", "contains"), "text texts"),
    (">=", pgettext_lazy("operator", "at least"), "number money time"),
    ("<=", pgettext_lazy("operator", "at most"), "number money time"),
    (">", pgettext_lazy("operator", "more than"), "number money time"),
    ("<", pgettext_lazy("operator", "less than"), "number money time"),
    ("yes", pgettext_lazy("operator", "yes"), "boolean"),
    ("no", pgettext_lazy("operator", "no"), "boolean"),
    ("is not null", pgettext_lazy("operator", "has a value"), _ANY),
    ("is null", pgettext_lazy("operator", "has no value"), _ANY),
    ("path", pgettext_lazy("operator", "in one visit"), PATH),
    ("path across", pgettext_lazy("operator", "in all their events"), PATH),
    ("no path", pgettext_lazy("operator", "in no visit"), PATH),
    ("no path across", pgettext_lazy("operator", "never in all their events"), PATH),
)
_KNOWN = frozenset(operator for operator, _name, _kinds in OPERATORS)
_TRUTHS = {"yes": "true", "no": "false"}
_PATHS = tuple(operator for operator, _name, kinds in OPERATORS if kinds == PATH)
WITHOUT_VALUE = ("is null", "is not null", *_TRUTHS)


@dataclass(frozen=True)
class Row:
    """One condition as it is typed; one named ``path`` with such an operator is a pattern of events in turn."""

    name: str = ""
    op: str = "=="
    value: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether there is enough of it to filter by."""
        return bool(self.name) and (bool(self.value) or self.op in WITHOUT_VALUE)

    @property
    def is_path(self) -> bool:
        return self.name == PATH and self.op in _PATHS


@dataclass(frozen=True)
class FilterShown:
    """A filter as its page shows it: rows, or a ``text`` that has none."""

    prefix: str
    rows: tuple[Row, ...] = ()
    text: str = ""
    as_text: bool = False


@dataclass(frozen=True)
class _Act:
    """What a button of the filter asks for: ``P:add``, ``P:text``, ``P:rows`` or ``P:drop:2``."""

    what: str = ""
    number: int = 0
    prefix: str = field(default="")


def read(of: Field, form: Form) -> Typed:
    """The filter of a question."""
    return read_filter(of.name, form)


def read_filter(prefix: str, form: Form) -> Typed:
    """The filter that stands under ``prefix``."""
    act = _act(prefix, form)
    numbers = list(form.numbers(prefix))[:MOST_ROWS]
    if numbers and f"{prefix}.as" not in form:
        rows = [_row(prefix, number, form) for number in numbers if (act.what, act.number) != ("drop", number)]
        text = text_of(rows)
    else:
        text = form.get(prefix)
        rows = rows_of(text) or []
    if act.what == "add":
        rows.append(Row())
    wants_text = act.what == "text" or (f"{prefix}.as" in form and act.what != "rows")
    as_text = wants_text or (bool(text) and rows_of(text) is None)
    shown = FilterShown(prefix, () if as_text else tuple(rows), text, as_text)
    return Typed(text or None, [(prefix, text)] if text else [], shown)


def rows_of(text: str) -> list[Row] | None:
    """The rows of a filter; ``None`` when it has no such form, or cannot be read."""
    if not text:
        return []
    try:
        expression = parse(text)
    except WotuError:
        return None
    rows = _rows(expression)
    # What rows would write otherwise than it was meant stays a text.
    return rows if rows is not None and _rows(parse(text_of(rows))) == rows else None


def text_of(rows: list[Row]) -> str:
    """The ``where`` text that says what the rows say; rows that lack something say nothing yet."""
    return " and ".join(_text(row) for row in rows if row.is_whole)


def _rows(expression: Expression | None) -> list[Row] | None:
    parts = expression.parts if isinstance(expression, All) else (expression,)
    found = [_row_of(part) for part in parts if part is not None]
    rows = [row for row in found if row is not None]
    return rows if len(rows) == len(parts) else None


def _row(prefix: str, number: int, form: Form) -> Row:
    op = form.get(f"{prefix}.{number}.op")
    name, value = form.get(f"{prefix}.{number}.name"), form.get(f"{prefix}.{number}.value")
    if name == PATH and op not in _PATHS:
        # Without a script a path is chosen before its operators are there.
        op = _PATHS[0]
    return Row(name, op if op in _KNOWN else "==", value)


def _text(row: Row) -> str:
    if row.is_path:
        across = ", across" if row.op.endswith("across") else ""
        return f"{'not ' if row.op.startswith('no') else ''}path({_quoted(row.value)}{across})"
    said = f"{_name(row.name)} {_comparison(row)}"
    return f"any({said})" if row.name.startswith(LINES) else said


def _name(name: str) -> str:
    name = name.replace("`", "")
    plain = _PLAIN_NAME.fullmatch(name) and name not in _RESERVED
    return name if plain else f"`{name}`"


def _comparison(row: Row) -> str:
    if row.op in _TRUTHS:
        return f"== {_TRUTHS[row.op]}"
    if row.op in WITHOUT_VALUE:
        return row.op
    if row.op == "in":
        return f"in ({', '.join(_literal(each) for each in _BETWEEN.split(row.value) if each)})"
    # A pattern alone means its first operator; a path has no other.
    if row.op == "contains":
        return f"contains {_quoted(row.value)}"
    return f"{'==' if row.op in _PATHS else row.op} {_literal(row.value)}"


def _literal(value: str) -> str:
    return value if _NUMBER.fullmatch(value) or value in ("true", "false") else _quoted(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _row_of(part: Expression) -> Row | None:
    if isinstance(part, OnPath):
        return Row(PATH, f"{'' if part.holds else 'no '}path{' across' if part.across else ''}", part.text)
    if isinstance(part, AnyLine) and part.holds and isinstance(part.condition, Condition):
        return _condition(part.condition)
    return _condition(part) if isinstance(part, Condition) and not part.name.startswith(LINES) else None


def _condition(condition: Condition) -> Row | None:
    if condition.operator == "==" and condition.kinds == (bool,):
        return Row(condition.name, "yes" if condition.values[0] else "no")
    if condition.operator not in _KNOWN:
        return None
    return Row(condition.name, condition.operator, ", ".join(_value(each) for each in condition.values))


def _value(value: str | Decimal | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value, "f")


def _act(prefix: str, form: Form) -> _Act:
    where, _colon, what = form.get("do").partition(":")
    name, _colon, number = what.partition(":")
    if where != prefix:
        return _Act()
    return _Act(name, int(number) if number.isascii() and number.isdigit() else 0, prefix)
