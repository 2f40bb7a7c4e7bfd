"""Formulas over series: ``A/B``, ``(A - B) * 100 / A``: a letter is the series of the event named in its place.

``+ - * /``, parentheses and numbers, reckoned exactly. Where a series has no value, or something is divided by 0,
the formula has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wotu.core.errors import Reason, invalid_argument

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST = 200
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z])(?![A-Za-z0-9_])|([-+*/()]))")

Number = Fraction | None
Reckon = Callable[[Sequence[Number]], Number]


@dataclass(frozen=True)
class Formula:
    """The formula as it was written, without blanks at its ends, and what it makes of the values of all series.

    ``places``: of the series that it names.
    """

    text: str
    reckon: Reckon
    places: tuple[int, ...] = ()


def parse_formula(text: str, series: int) -> Formula:
    """The formula in ``text`` over so many series; raises naming ``formula`` and the place of what is wrong."""
    if len(text) > _MOST:
        raise invalid_argument(
            "formula", f"formula has {len(text)} characters; {_MOST} are possible.", Reason.TOO_MANY, most=_MOST
        )
    parser = _Parser(text, series)
    return Formula(text.strip(), parser.parse(), tuple(sorted(parser.named)))


class _Parser:
    def __init__(self, text: str, series: int) -> None:
        self._text = text
        self._series = series
        self._tokens = self._split()
        self._at = 0
        self.named: set[int] = set()

    def parse(self) -> Reckon:
        reckon = self._sum()
        if self._at < len(self._tokens):
            raise self._error("expected +, -, *, / or the end")
        return reckon

    def _split(self) -> list[tuple[str, int]]:
        tokens, position = [], 0
        while self._text[position:].strip():
            match = _TOKEN.match(self._text, position)
            if match is None:
                blanks = len(self._text[position:]) - len(self._text[position:].lstrip())
                self._tokens, self._at = [("", position + blanks)], 0
                raise self._error("expected a letter, a number, +, -, *, / or parentheses")
            tokens.append((match[0].strip(), match.end() - len(match[0].strip())))
            position = match.end()
        return tokens

    def _sum(self) -> Reckon:
        left = self._product()
        while (sign := self._take("+", "-")) is not None:
            left = _both(sign, left, self._product())
        return left

    def _product(self) -> Reckon:
        left = self._value()
        while (sign := self._take("*", "/")) is not None:
            left = _both(sign, left, self._value())
        return left

    def _value(self) -> Reckon:
        if self._take("-") is not None:
            return _both("-", lambda _: Fraction(0), self._value())
        if self._take("(") is not None:
            inner = self._sum()
            if self._take(")") is None:
                raise self._error("expected )")
            return inner
        if self._at == len(self._tokens) or self._tokens[self._at][0] in "+*/)":
            raise self._error("expected a letter, a number or (")
        word = self._tokens[self._at][0]
        if word[0].isdigit():
            self._at += 1
            number = Fraction(word)
            return lambda _: number
        place = LETTERS.index(word.upper())
        if place >= self._series:
            last = LETTERS[self._series - 1]
            raise self._error(f"{word} names no event: there are {self._series}, A to {last}")
        self._at += 1
        self.named.add(place)
        return lambda values: values[place]

    def _take(self, *wanted: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] in wanted:
            self._at += 1
            return self._tokens[self._at - 1][0]
        return None

    def _error(self, problem: str) -> Exception:
        place = self._tokens[self._at][1] if self._at < len(self._tokens) else len(self._text)
        return invalid_argument(
            "formula",
            f"formula: {problem}, at character {place + 1} of {self._text!r}.",
            Reason.NOT_A_FORMULA,
            at=place + 1,
        )


def _both(sign: str, left: Reckon, right: Reckon) -> Reckon:
    def reckon(values: Sequence[Number]) -> Number:
        a, b = left(values), right(values)
        if a is None or b is None or (sign == "/" and b == 0):
            return None
        if sign in "+-":
            return a + b if sign == "+" else a - b
        return a * b if sign == "*" else a / b

    return reckon
