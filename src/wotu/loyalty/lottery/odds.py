"""What a draw comes to: odds as exact fractions, and the number that says which prize it is. Pure.

Every number comes of a seed that is settled at the launch. Its hash is published then and the seed after the end, so
that anybody can reckon each draw again.

>>> from fractions import Fraction
>>> table = table_of([Fraction(1, 100), Fraction(1, 4)])
>>> table
Table(parts=(1, 25), out_of=100)
>>> [prize_of(number, table) for number in (0, 1, 25, 26, 99)]
[0, 1, 1, None, None]
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from wotu.core.errors import invalid_argument

LARGEST_DENOMINATOR = 10**9
# No exponents: a short one takes for ever to write out.
_WRITTEN = re.compile(r"([0-9]{1,10}(?:/[0-9]{1,10}|\.[0-9]{1,9})?) ?%?", re.ASCII)


@dataclass(frozen=True)
class Table:
    """Of ``out_of`` equally likely numbers, how many are each prize's; the rest are nobody's."""

    parts: tuple[int, ...]
    out_of: int


def table_of(odds: Sequence[Fraction]) -> Table:
    """The odds of prizes over one denominator; together they are 1 at most."""
    if any(each < 0 for each in odds):
        raise invalid_argument("odds", "Odds must lie between 0 and 1.")
    out_of = lcm(*(each.denominator for each in odds)) if odds else 1
    if out_of > LARGEST_DENOMINATOR:
        raise invalid_argument("odds", f"Odds must have a common denominator of {LARGEST_DENOMINATOR:,} at most.")
    parts = tuple(int(each * out_of) for each in odds)
    if sum(parts) > out_of:
        raise invalid_argument("odds", f"The odds sum to {Fraction(sum(parts), out_of)}; together they are 1 at most.")
    return Table(parts, out_of)


def prize_of(number: int, table: Table) -> int | None:
    """Which prize ``number`` (from 0, below ``out_of``) is: its place in the table; ``None``: nothing."""
    if not 0 <= number < table.out_of:
        raise invalid_argument("number", f"number={number} must lie between 0 and {table.out_of - 1}.")
    for place, part in enumerate(table.parts):
        if number < part:
            return place
        number -= part
    return None


def number_of(seed: str, label: str, below: int) -> int:
    """The number from 0, below ``below``, that ``seed`` has for ``label``: HMAC-SHA256 of the label, modulo.

    Of 2**256 values, what the modulo favours is less than one part in 10**60.
    """
    return int.from_bytes(hmac.digest(seed.encode(), label.encode(), "sha256")) % below


def draw_label(draw: int) -> str:
    """What the number of a draw is reckoned from, beside the seed."""
    return f"draw:{draw}"


def commitment(seed: str) -> str:
    """What is published of a seed before anybody draws: its SHA-256 as hexadecimal digits."""
    return hashlib.sha256(seed.encode()).hexdigest()


def fraction_of(text: str) -> Fraction:
    """Odds as people write them: ``1/50``, ``2%``, ``0.02``."""
    wanted = text.strip().replace("\uff05", "%")
    written = _WRITTEN.fullmatch(wanted)
    try:
        found = Fraction(written[1]) if written else Fraction(-1)
    except ZeroDivisionError:
        found = Fraction(-1)
    found = found / 100 if wanted.endswith("%") else found
    if not 0 <= found <= 1:
        raise invalid_argument("odds", f"odds={text[:40]!r} must be a share such as 1/50 or 2%.")
    return found
