"""Small pictures as SVG geometry: sparklines and diverging bars. No style attribute is ever written."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 120.0
HEIGHT = 28.0
_EDGE = 2.0
HALF_BAR = 100.0


def sparkline(values: Sequence[float | None]) -> str:
    """The path of a sparkline in a box of 120 by 28; a missing value breaks the line."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    middle = high == low
    step = WIDTH / max(len(values) - 1, 1)
    path, pen_down = [], False
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        height = 0.5 if middle else (value - low) / span
        y = HEIGHT - _EDGE - height * (HEIGHT - 2 * _EDGE)
        path.append(f"{'L' if pen_down else 'M'}{index * step:.1f} {y:.1f}")
        pen_down = True
    return "".join(path)


def diverging_bar(amount: float, largest: float) -> tuple[float, float]:
    """Left edge and width of a bar around the middle of a box 200 wide."""
    width = 0.0 if not largest else abs(amount) / largest * (HALF_BAR - _EDGE)
    return (round(HALF_BAR - width, 2) if amount < 0 else HALF_BAR, round(max(width, 0.8 if amount else 0.0), 2))
