"""The ``where`` language: text or dict → a small tree; every error points at the word.

``==  !=  <  <=  >  >=  in (…)  contains  is null  and  or  not  ( )`` over event properties and columns of
customers; ``any(products.category == "tea")`` over the lines of an order; ``path("view+ cart")`` looks at the
events of a customer in turn. A name with other characters than letters, digits, ``_`` and ``.`` stands in
backquotes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.timeline.path_pattern import Pattern, parse_pattern

Value = str | Decimal | bool
Operator = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "not contains", "is null", "is not null"
]

_NEGATED: dict[Operator, Operator] = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in",
    "contains": "not contains", "not contains": "contains", "is null": "is not null", "is not null": "is null",
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A comparison of one named value; nothing but ``is null`` is true of a missing value.

    ``kinds`` tells ``true`` from 1, which Python takes for equal.
    """

    name: str
    operator: Operator
    values: tuple[Value, ...] = ()
    position: int = 0
    kinds: tuple[type, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(map(type, self.values)))


@dataclass(frozen=True)
class OnPath:
    """Whether a customer has a path of that shape in a session (``across``: in all their events), or has none.

    ``text`` is the pattern as it was written.
    """

    pattern: Pattern
    across: bool
    holds: bool = True
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class AnyLine:
    """Whether some line of an order satisfies ``condition`` (``holds``), or there are lines and none does."""

    condition: Expression
    holds: bool = True


@dataclass(frozen=True)
class All:
    """True when every part is."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Any:
    """True when some part is."""

    parts: tuple[Expression, ...]


Expression = Condition | OnPath | AnyLine | All | Any

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>-?\d+(?:\.\d+)?(?![\w.])) |
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') |
    (?P<symbol>==|!=|<=|>=|<|>|=|\(|\)|,) |
    (?P<quoted>`[^`]+`) |
    (?P<word>[^\W\d][\w.]*)
    )""",
    re.VERBOSE,
)
_RESERVED = frozenset({"and", "or", "not", "in", "is", "null", "contains", "true", "false"})
_AUDIENCE = "audience."
_CUSTOMER_COLUMNS = ("trait.", "score.", _AUDIENCE)
_STAGE = "stage"
_PATH, _ANY = "path", "any"
_LINES = "products."
# The position of a condition that did not come from text.
NOWHERE = -1
_ORDERINGS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(where: str | Mapping[str, object], *, field: str = "where") -> Expression | None:
    """The expression of ``where`` (text, or a dict meaning *all equal*); ``None`` when it is empty."""
    if isinstance(where, str):
        return _Parser(where, field).parse() if where.strip() else None
    conditions = tuple(Condition(name, "==", (_value(value, field),), NOWHERE) for name, value in where.items())
    return All(conditions) if conditions else None


def negate(expression: Expression) -> Expression:
    """The opposite, pushed down to the comparisons, so that a missing value still matches nothing."""
    if isinstance(expression, Condition):
        return Condition(expression.name, _NEGATED[expression.operator], expression.values, expression.position)
    if isinstance(expression, (OnPath, AnyLine)):
        return replace(expression, holds=not expression.holds)
    parts = tuple(negate(part) for part in expression.parts)
    return Any(parts) if isinstance(expression, All) else All(parts)


def names(expression: Expression) -> list[Condition]:
    """Every comparison of an expression, left to right; those about lines of orders too."""
    found: list[Condition] = []
    for leaf in leaves(expression):
        if isinstance(leaf, AnyLine):
            found += names(leaf.condition)
        elif isinstance(leaf, Condition):
            found.append(leaf)
    return found


def leaves(expression: Expression) -> list[Condition | OnPath | AnyLine]:
    """What an expression is made of, left to right."""
    if isinstance(expression, (Condition, OnPath, AnyLine)):
        return [expression]
    return [leaf for part in expression.parts for leaf in leaves(part)]


def of_customers(name: str) -> bool:
    """Whether a name is a column of customers, else of events."""
    return name == _STAGE or name.startswith(_CUSTOMER_COLUMNS)


def split_customers(where: Expression | None) -> tuple[Expression | None, Expression | None]:
    """What a filter asks of customers alone, and the rest; together they are the filter."""
    if where is None:
        return None, None
    parts = where.parts if isinstance(where, All) else (where,)
    alone = tuple(part for part in parts if all(of_customers(condition.name) for condition in names(part)))
    rest = tuple(part for part in parts if part not in alone)
    return _all_of(alone), _all_of(rest)


def _all_of(parts: tuple[Expression, ...]) -> Expression | None:
    return None if not parts else parts[0] if len(parts) == 1 else All(parts)


def _value(value: object, field: str) -> Value:
    if isinstance(value, (str, bool)) or (isinstance(value, Decimal) and value.is_finite()):
        return value
    if isinstance(value, (int, float)) and math.isfinite(value):
        return Decimal(str(value))
    raise WotuError(
        ErrorCode.INVALID_EXPRESSION, f"{field}: {value!r} is not a text, number, true or false.", field=field
    )


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


class _Parser:
    def __init__(self, text: str, field: str) -> None:
        self._text = text
        self._field = field
        self._tokens = self._split()
        self._at = 0

    def parse(self) -> Expression:
        expression = self._any()
        if (token := self._peek()) is not None:
            raise self._error(token.position, f"expected and, or or the end, not {token.text!r}")
        return expression

    def _split(self) -> list[_Token]:
        tokens, position = [], 0
        text = self._text.rstrip()
        while position < len(text):
            position += len(text[position:]) - len(text[position:].lstrip())
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error(position, f"cannot read {text[position:].split()[0]!r}")
            kind = match.lastgroup or ""
            tokens.append(_Token(kind, match[kind], match.start(kind)))
            position = match.end()
        return tokens

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _not(self) -> Expression:
        if self._take("not"):
            return negate(self._not())
        if self._take("("):
            inner = self._any()
            self._need(")")
            return inner
        return self._condition()

    def _condition(self) -> Condition | OnPath | AnyLine:
        token = self._next("a name")
        if token.kind not in ("word", "quoted") or token.text in _RESERVED:
            raise self._error(token.position, f"expected a property name, not {token.text!r}")
        name = token.text.strip("`")
        if token.kind == "word" and (follows := self._peek()) is not None and follows.text == "(":
            if name == _PATH:
                return self._path()
            if name == _ANY:
                return self._any_line()
            raise self._error(token.position, f"{name}(…) is not supported here")
        return self._comparison(name, token.position)

    def _path(self) -> OnPath:
        self._need("(")
        token = self._next("a path pattern in quotes")
        if token.kind != "text":
            raise self._error(token.position, f'expected a path pattern such as "view+ cart", not {token.text!r}')
        across = self._take(",")
        if across:
            self._need("across")
        self._need(")")
        text = _unquoted(token.text)
        return OnPath(parse_pattern(text, field=self._field), across, text=text)

    def _any_line(self) -> AnyLine:
        start = self._next("(").position
        condition = self._any()
        self._need(")")
        for leaf in leaves(condition):
            if not isinstance(leaf, Condition):
                raise self._error(start + 1, "any(…) takes comparisons, and no path(…) or any(…)")
            if not leaf.name.startswith(_LINES):
                raise self._error(leaf.position, f"any(…) takes names such as products.category, not {leaf.name!r}")
        return AnyLine(condition)

    def _comparison(self, name: str, position: int) -> Condition:
        follows = self._peek()
        if name.startswith(_AUDIENCE) and (follows is None or follows.text in ("and", "or", ")")):
            return Condition(name, "==", (True,), position)
        if self._take("is"):
            negated = self._take("not")
            self._need("null")
            return Condition(name, "is not null" if negated else "is null", (), position)
        if self._take("in"):
            return Condition(name, "in", self._list(), position)
        if self._take("contains"):
            return Condition(name, "contains", (self._literal(),), position)
        token = self._next("a comparison")
        for operator in _ORDERINGS:
            if token.text == operator:
                return Condition(name, operator, (self._literal(),), position)  # type: ignore[arg-type]
        hint = " (write ==)" if token.text == "=" else ""
        raise self._error(
            token.position, f"expected ==, !=, <, <=, >, >=, in, contains or is, not {token.text!r}{hint}"
        )

    def _list(self) -> tuple[Value, ...]:
        self._need("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._need(")")
        return tuple(values)

    def _literal(self) -> Value:
        token = self._next("a value")
        if token.kind == "number":
            return Decimal(token.text)
        if token.kind == "text":
            return _unquoted(token.text)
        if token.text in ("true", "false"):
            return token.text == "true"
        raise self._error(token.position, f'expected a "text", a number, true or false, not {token.text!r}')

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._error(len(self._text), f"expected {wanted} at the end")
        self._at += 1
        return token

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.text != text or token.kind not in ("word", "symbol"):
            return False
        self._at += 1
        return True

    def _need(self, text: str) -> None:
        token = self._next(repr(text))
        if token.text != text:
            raise self._error(token.position, f"expected {text!r}, not {token.text!r}")

    def _error(self, position: int, problem: str) -> WotuError:
        message = f"{self._field}: {problem}, at character {position + 1} of {self._text!r}."
        return WotuError(
            ErrorCode.INVALID_EXPRESSION, message, field=self._field, reason=Reason.UNREADABLE,
            given={"at": position + 1, "text": self._text},
        )  # fmt: skip
