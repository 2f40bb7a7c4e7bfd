"""The wheel as shapes: equal sectors from the top on, clockwise, and how far it is turned to show one. Pure.

Equal sectors show what there is to win, not how likely it is: the page has the odds beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin

_TINTS = 3
_TEXT_AT, _FONT = 66, 9.0
_WIDE = 0x2E80


@dataclass(frozen=True)
class Sector:
    """A sector: its outline, how far its words are turned, the words in two lines at most, and which tint it has."""

    path: str
    turned: str
    lines: tuple[str, ...]
    tint: int


def sectors(names: Sequence[str]) -> tuple[Sector, ...]:
    """A sector of each name around a circle of radius 100; at least two."""
    width = 360 / len(names)
    chord = 2 * _TEXT_AT * sin(radians(width / 2)) * 0.9
    return tuple(
        Sector(
            _path(place * width, width), f"{(place + 0.5) * width:.2f}", lines(each, chord), _tint(place, len(names))
        )
        for place, each in enumerate(names)
    )


def turned(place: int, count: int) -> str:
    """Degrees to turn a wheel of ``count`` sectors so that the middle of one stands at the top."""
    return f"{-(place + 0.5) * 360 / count:.2f}"


def lines(text: str, chord: float) -> tuple[str, ...]:
    """At most two lines that fit: what is longer ends in an ellipsis."""
    first, rest = _cut(text.strip(), chord)
    if not rest:
        return (first,)
    second, more = _cut(rest.strip(), chord)
    return (first.rstrip(), (second[:-1] + "…") if more else second)


def _cut(text: str, chord: float) -> tuple[str, str]:
    """What of ``text`` fits into ``chord``, ending between words where it can, and the rest."""
    room, last, space = chord, 0, 0
    for place, sign in enumerate(text):
        room -= _FONT if ord(sign) >= _WIDE else _FONT * 0.56
        if room < 0:
            break
        last = place + 1
        space = last if sign == " " else space
    if last >= len(text):
        return text, ""
    end = space if space and ord(text[last]) < _WIDE else max(last, 1)
    return text[:end], text[end:]


def _path(start: float, width: float) -> str:
    ends = [(100 * sin(pi * each / 180), -100 * cos(pi * each / 180)) for each in (start, start + width)]
    (ax, ay), (bx, by) = ends
    return f"M0 0L{ax:.2f} {ay:.2f}A100 100 0 {int(width > 180)} 1 {bx:.2f} {by:.2f}Z"


def _tint(place: int, count: int) -> int:
    """Neighbours differ, the last and the first too."""
    return 1 if place == count - 1 and count % _TINTS == 1 else place % _TINTS
