"""The language of path patterns: a small regular language over the names of events.

``view+ (cart|wish) !refund order``: items stand next to each other. ``.`` is any event, ``..`` any run of events (of
none too), ``!x`` one event that is not x, ``!x*`` a run without x; ``+ * ?`` repeat an item or a group, ``|`` means
or. A name with blanks, dots or other signs stands in quotes or backquotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from wotu.core.errors import ErrorCode, Reason, WotuError

MOST_CHARACTERS, MOST_DEPTH = 2000, 50


@dataclass(frozen=True)
class One:
    """One event that has one of the names; ``other``: that has none of them. Without names ``other`` is any event."""

    names: frozenset[str]
    other: bool = False


@dataclass(frozen=True)
class Sequence:
    """The items one after the other, next to each other."""

    items: tuple[Pattern, ...]


@dataclass(frozen=True)
class Either:
    """One of the branches."""

    branches: tuple[Pattern, ...]


@dataclass(frozen=True)
class Repeat:
    """The item, again and again: ``+`` once at least, ``*`` any number of times, ``?`` once or not."""

    item: Pattern
    sign: str


Pattern = One | Sequence | Either | Repeat

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<sign>\.\.|[.()|!+*?]) |
    (?P<quoted>"[^"]+"|'[^']+'|`[^`]+`) |
    (?P<word>[^\s.()|!+*?"'`]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_pattern(text: str, *, field: str) -> Pattern:
    """The pattern as a tree; an error names ``field`` and points at the character."""
    return _Parser(text, field).parse()


def names_of(pattern: Pattern) -> frozenset[str]:
    """Every name in a pattern."""
    if isinstance(pattern, One):
        return pattern.names
    if isinstance(pattern, Repeat):
        return names_of(pattern.item)
    parts = pattern.items if isinstance(pattern, Sequence) else pattern.branches
    return frozenset().union(*map(names_of, parts))


def renamed(pattern: Pattern, meant_by: Callable[[str], Iterable[str]]) -> Pattern:
    """The pattern with every event that a name in it means in the place of the name."""
    if isinstance(pattern, One):
        return replace(pattern, names=frozenset(event for name in pattern.names for event in meant_by(name)))
    if isinstance(pattern, Repeat):
        return replace(pattern, item=renamed(pattern.item, meant_by))
    if isinstance(pattern, Sequence):
        return Sequence(tuple(renamed(item, meant_by) for item in pattern.items))
    return Either(tuple(renamed(branch, meant_by) for branch in pattern.branches))


class _Parser:
    def __init__(self, text: str, field: str) -> None:
        self._text = text
        self._field = field
        if len(text) > MOST_CHARACTERS:
            raise self._error(MOST_CHARACTERS, f"a path pattern has at most {MOST_CHARACTERS} characters")
        self._tokens = self._split()
        self._at = 0
        self._depth = 0

    def parse(self) -> Pattern:
        pattern = self._either()
        if (token := self._peek()) is not None:
            raise self._error(token.position, f"there is no parenthesis that {token.text!r} could close")
        return pattern

    def _split(self) -> list[_Token]:
        tokens, position, text = [], 0, self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise self._error(start, f"the quote {text[start]!r} has no end, or nothing in it")
            kind = match.lastgroup or ""
            tokens.append(_Token(kind, match[kind], match.start(kind)))
            position = match.end()
        return tokens

    def _either(self) -> Pattern:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Either(tuple(branches))

    def _sequence(self) -> Pattern:
        items: list[Pattern] = []
        while (token := self._peek()) is not None and not (token.kind == "sign" and token.text in "|)"):
            items.append(self._repeated())
        if not items:
            raise self._error(self._here(), "an event is missing")
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _repeated(self) -> Pattern:
        item = self._item()
        while (token := self._peek()) is not None and token.kind == "sign" and token.text in "+*?":
            self._at += 1
            item = _repeat(item, token.text)
        return item

    def _item(self) -> Pattern:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind != "sign":
            return One(frozenset({token.text if token.kind == "word" else token.text[1:-1]}))
        if token.text == "(":
            return self._group()
        if token.text == "!":
            return self._other(token)
        if token.text in (".", ".."):
            anything = One(frozenset(), other=True)
            return anything if token.text == "." else Repeat(anything, "*")
        raise self._error(token.position, f"{token.text!r} needs an event before it")

    def _group(self) -> Pattern:
        opened = self._tokens[self._at - 1].position
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._error(opened, f"parentheses may stand {MOST_DEPTH} deep")
        inner = self._either()
        if not self._take(")"):
            raise self._error(opened, "this parenthesis is not closed")
        self._depth -= 1
        return inner

    def _other(self, sign: _Token) -> Pattern:
        token = self._peek()
        names = None if token is None or token.text == "!" else _alternatives(self._item())
        if names is None:
            raise self._error(
                sign.position, "after ! comes the name of an event, or names in parentheses such as !(a|b)"
            )
        return One(names, other=True)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _here(self) -> int:
        token = self._peek()
        return len(self._text) if token is None else token.position

    def _take(self, sign: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "sign" or token.text != sign:
            return False
        self._at += 1
        return True

    def _error(self, position: int, problem: str) -> WotuError:
        message = f"{self._field}: path pattern: {problem}, at character {position + 1} of {self._text!r}."
        return WotuError(
            ErrorCode.INVALID_EXPRESSION, message, field=self._field, reason=Reason.UNREADABLE,
            given={"at": position + 1, "text": self._text},
        )  # fmt: skip


def _repeat(item: Pattern, sign: str) -> Pattern:
    """``a+?``, ``a?+`` and the like are ``a*``."""
    if isinstance(item, Repeat):
        return Repeat(item.item, sign if sign == item.sign else "*")
    return Repeat(item, sign)


def _alternatives(pattern: Pattern) -> frozenset[str] | None:
    """The names of a pattern that is nothing but names and "or"; else nothing."""
    if isinstance(pattern, One):
        return None if pattern.other else pattern.names
    if not isinstance(pattern, Either):
        return None
    branches = [_alternatives(branch) for branch in pattern.branches]
    return None if None in branches else frozenset().union(*branches)  # type: ignore[arg-type]
