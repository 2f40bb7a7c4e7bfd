"""Charts of answers as Plotly figures in plain data, light and dark: lines, bars, funnels, heat and flows.

``who`` beside a number is the part of an address that a click on it opens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wotu.console.charts import template

_PALETTE = {
    "light": ("#1f6f4f", "#3c6fb6", "#d08a1d", "#a1457d", "#7fb59a", "#92b0da", "#e3bd7d", "#cf9abb", "#626a65"),
    "dark": ("#57b98c", "#7fa9e6", "#e3ad55", "#d486b6", "#2f7a58", "#46689c", "#8f6a2c", "#874970", "#9aa29d"),
}  # fmt: skip
_INK = {"light": "#1c1f1d", "dark": "#e9ebe8"}
_MUTE = {"light": "#626a65", "dark": "#9aa29d"}
_LINE = {"light": "#e7e6e1", "dark": "#2a2f2c"}
_PANEL = {"light": "#ffffff", "dark": "#191c1a"}
_HEAT = {
    "light": ["#f3f2ee", "#d7e5f5", "#b4cdea", "#86abd9", "#5687c4", "#2f5f9e"],
    "dark": ["#202422", "#20334a", "#284769", "#335f90", "#4c82c0", "#8ab4e8"],
}
HEIGHT = 340
_ROW = 46
_FEW = 10
_LEAST_BARS = 6
MOST_SERIES = 8


def both(draw: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A figure for each theme."""
    return {theme: draw(theme) for theme in _PALETTE}


def colour(theme: str, place: int) -> str:
    """The colour of the series at a place."""
    palette = _PALETTE[theme]
    return palette[place % len(palette)]


def layout(theme: str, *, height: int = HEIGHT, **changes: Any) -> dict[str, Any]:
    """What all charts share."""
    return {"template": template(theme), "height": height, "hovermode": "x unified", **changes}


def count_axis(values: Sequence[float]) -> dict[str, Any]:
    """An axis of whole numbers that begins at zero; few of them have no ticks between."""
    if max(values, default=0) < _FEW:
        return {"tickformat": ",d", "dtick": 1, "rangemode": "tozero"}
    return {"tickformat": ",~s", "rangemode": "tozero"}


def category_axis(labels: Sequence[str]) -> dict[str, Any]:
    """An axis of named places; a short history starts on the left."""
    return {"type": "category", "tickangle": 0, "range": [-0.5, max(len(labels), _LEAST_BARS) - 0.5]}


def line(name: str, labels: Sequence[str], values: Sequence[Any], shown: Sequence[str], tint: str, **more: Any) -> Any:
    """One series over time. A single point is a dot; a missing value breaks the line."""
    points = [value for value in values if value is not None]
    return {
        "type": "scatter", "mode": "lines" if len(points) > 1 else "markers", "name": name, "x": list(labels),
        "y": list(values), "text": list(shown), "hovertemplate": f"{_safe(name)} <b>%{{text}}</b><extra></extra>",
        "line": {"color": tint, "width": 2, **more.pop("line", {})}, "marker": {"color": tint, "size": 7}, **more,
    }  # fmt: skip


def bars(
    name: str, labels: Sequence[str], values: Sequence[Any], shown: Sequence[str], tint: str, **more: Any
) -> dict[str, Any]:
    """Upright bars."""
    return {
        "type": "bar", "name": name, "x": list(labels), "y": list(values), "text": list(shown), "textposition": "none",
        "hovertemplate": f"{_safe(name)} <b>%{{text}}</b><extra></extra>",
        "marker": {"color": tint, **more.pop("marker", {})}, **more,
    }  # fmt: skip


def lying_bars(labels: Sequence[str], values: Sequence[Any], shown: Sequence[str], who: Sequence[str]) -> Any:
    """Bars that lie, a row each with its number beside it: rankings."""
    return both(
        lambda theme: {
            "data": [
                {
                    "type": "bar", "orientation": "h", "x": list(values), "y": list(labels), "text": list(shown),
                    "textposition": "outside", "cliponaxis": False, "customdata": list(who),
                    "marker": {"color": colour(theme, 0)}, "hovertemplate": "%{y} <b>%{text}</b><extra></extra>",
                }
            ],
            "layout": layout(
                theme, height=max(len(labels) * 34 + 40, 160), hovermode="closest", bargap=0.35,
                xaxis={"visible": False, "range": [0, max([*values, 1]) * 1.18]},
                yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "zeroline": False,
                       "tickfont": {"size": 13, "color": _INK[theme]}},
            ),
        }
    )  # fmt: skip


def _safe(text: str) -> str:
    """Plotly reads a few tags and its own places in texts."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "% {")
