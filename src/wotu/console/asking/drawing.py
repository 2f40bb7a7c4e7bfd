"""Charts of answers as Plotly figures in plain data, light and dark: lines, bars, funnels, heat and flows.

``who`` beside a number is the part of an address that a click on it opens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import ceil, floor
from typing import Any

from wotu.console import figures
from wotu.console.charts import template

_PALETTE = {
    "light": ("#1f6f4f", "#3c6fb6", "#d08a1d", "#a1457d", "#7fb59a", "#92b0da", "#e3bd7d", "#cf9abb", "#626a65"),
    "dark": ("#57b98c", "#7fa9e6", "#e3ad55", "#d486b6", "#2f7a58", "#46689c", "#8f6a2c", "#874970", "#9aa29d"),
}  # fmt: skip
_INK = {"light": "#1c1f1d", "dark": "#e9ebe8"}
_MUTE = {"light": "#626a65", "dark": "#9aa29d"}
_PANEL = {"light": "#ffffff", "dark": "#191c1a"}
_HEAT = {
    "light": ["#f3f2ee", "#d7e5f5", "#b4cdea", "#86abd9", "#5687c4", "#2f5f9e"],
    "dark": ["#202422", "#1f3147", "#254263", "#2d557f", "#35689c", "#3f79b5"],
}
# On the dark scale one colour can be read on every tint, and beside them; on the light one Plotly chooses.
_ON_HEAT: dict[str, dict[str, str]] = {"light": {}, "dark": {"color": "#f2f4f3"}}
HEIGHT = 340
_ROW = 46
_FEW_PLACES = 16
_TICKS = 5
LEAST_PLACES = 6
_LINE = 24
MOST_SERIES = 8


def both(draw: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A figure for each theme."""
    return {theme: draw(theme) for theme in _PALETTE}


def with_layout(charts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A figure for each theme with parts of its layout replaced."""
    return {theme: figure | {"layout": figure["layout"] | changes} for theme, figure in charts.items()}


def colour(theme: str, place: int) -> str:
    """The colour of the series at a place."""
    palette = _PALETTE[theme]
    return palette[place % len(palette)]


def layout(theme: str, *, height: int = HEIGHT, **changes: Any) -> dict[str, Any]:
    """What all charts share."""
    return {"template": template(theme), "height": height, "hovermode": "x unified", **changes}


def count_axis(values: Sequence[float], shown: Callable[[Any], str] = figures.count, title: str = "") -> dict[str, Any]:
    """An axis of numbers with zero on it, its ticks written as the page's language writes numbers, or as ``shown``
    does (money). Customers are whole: few of them have no ticks between."""
    ticks = _ticks(min([*values, 0]), max([*values, 0]))
    return {
        "rangemode": "tozero", "tickvals": ticks, "ticktext": [shown(tick) for tick in ticks],
        "title": {"text": title, "standoff": 6, "font": {"size": 12}},
    }  # fmt: skip


def share_axis() -> dict[str, Any]:
    """An axis of shares."""
    return {"tickformat": ".0%", "rangemode": "tozero"}


def _ticks(low: float, high: float) -> list[float | int]:
    """Round numbers from ``low`` to ``high`` in steps of 1, 2 or 5 times a power of ten."""
    span = Decimal(str(max(high - low, 1)))
    power = Decimal(10) ** (span / _TICKS).adjusted()
    step = next((power * each for each in (1, 2, 5, 10) if span / (power * each) <= _TICKS), power * 10)
    step = max(step, Decimal(1)) if high - low >= 1 else Decimal(1)
    first, last = floor(Decimal(str(low)) / step), ceil(Decimal(str(high)) / step)
    return [int(step * place) for place in range(first, max(last, first + 1) + 1)]


def category_axis(labels: Sequence[str], title: str = "") -> dict[str, Any]:
    """An axis of named places; few of them start on the left."""
    return {
        "type": "category", "tickangle": 0, "range": [-0.5, max(len(labels), LEAST_PLACES) - 0.5],
        "title": {"text": title, "standoff": 8, "font": {"size": 12}},
    }  # fmt: skip


def named_rows(theme: str) -> dict[str, Any]:
    """An axis of names from the top down, with some air before what is drawn."""
    return {
        "type": "category", "ticksuffix": "  ", "autorange": "reversed", "showgrid": False, "zeroline": False,
        "tickfont": {"size": 13, "color": _INK[theme]},
    }  # fmt: skip


def line(name: str, labels: Sequence[str], values: Sequence[Any], shown: Sequence[str], tint: str, **more: Any) -> Any:
    """One series over time. A single point is a dot; a missing value breaks the line."""
    points = [value for value in values if value is not None]
    return {
        "type": "scatter", "mode": "lines" if len(points) > 1 else "markers", "name": name, "x": list(labels),
        "y": list(values), "text": list(shown), "hovertemplate": f"{wrapped(name)} <b>%{{text}}</b><extra></extra>",
        "line": {"color": tint, "width": 2, **more.pop("line", {})}, "marker": {"color": tint, "size": 7}, **more,
    }  # fmt: skip


def bars(
    name: str, labels: Sequence[str], values: Sequence[Any], shown: Sequence[str], tint: str, **more: Any
) -> dict[str, Any]:
    """Upright bars."""
    return {
        "type": "bar", "name": name, "x": list(labels), "y": list(values), "text": list(shown), "textposition": "none",
        "hovertemplate": f"{wrapped(name)} <b>%{{text}}</b><extra></extra>",
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
                    "marker": {"color": colour(theme, 0)}, "hovertext": [wrapped(each) for each in labels],
                    "hovertemplate": "%{hovertext} <b>%{text}</b><extra></extra>",
                }
            ],
            "layout": layout(
                theme, height=len(labels) * 36 + 24, hovermode="closest", bargap=0.35,
                xaxis={"visible": False, "range": [0, max([*values, 1]) * 1.18]},
                yaxis=named_rows(theme),
            ),
        }
    )  # fmt: skip


def diverging_bars(labels: Sequence[str], values: Sequence[float], shown: Sequence[str]) -> Any:
    """Bars that lie on both sides of zero: differences; more is one colour, less another."""
    most = max((abs(value) for value in values), default=1) or 1

    def draw(theme: str) -> dict[str, Any]:
        return {
            "data": [
                {
                    "type": "bar", "orientation": "h", "x": list(values), "y": list(labels), "text": list(shown),
                    "textposition": "outside", "cliponaxis": False,
                    "marker": {"color": [colour(theme, 0 if value >= 0 else 2) for value in values]},
                    "hovertext": [wrapped(each) for each in labels],
                    "hovertemplate": "%{hovertext} <b>%{text}</b><extra></extra>",
                }
            ],
            "layout": layout(
                theme, height=len(labels) * 34 + 24, hovermode="closest", bargap=0.35,
                xaxis={"showticklabels": False, "showgrid": False, "zeroline": True,
                       "range": [-most * 1.3, most * 1.3]},
                yaxis=named_rows(theme),
            ),
        }  # fmt: skip

    return both(draw)


def histogram(
    name: str, labels: Sequence[str], values: Sequence[Any], who: Sequence[str] = (), across: str = ""
) -> Any:  # fmt: skip
    """How many in each class, upright; a click on a bar leads to ``who``; ``across`` names the classes."""
    shown = [f"{value:,}" for value in values]
    return both(
        lambda theme: {
            "data": [bars(name, labels, values, shown, colour(theme, 0), customdata=list(who))],
            "layout": layout(
                theme,
                height=280,
                bargap=0.12,
                xaxis=category_axis(labels, across),
                yaxis=count_axis(values),
                showlegend=False,
            ),
        }
    )


def shares(name: str, labels: Sequence[str], values: Sequence[float | None], over: dict[str, Any]) -> Any:
    """A share over time; ``over`` is the layout of its axis."""
    shown = ["" if value is None else f"{value:.1%}" for value in values]
    return both(
        lambda theme: {
            "data": [line(name, labels, values, shown, colour(theme, 0))],
            "layout": layout(
                theme, height=280, yaxis=share_axis(), showlegend=False, **over,
            ),
        }
    )  # fmt: skip


def steps(
    names: Sequence[str], series: Sequence[tuple[str, Sequence[Any], Sequence[str], Sequence[str]]],
    tints: Sequence[int] = (),
) -> Any:  # fmt: skip
    """A funnel: a row per step, a bar per series in it (name, values, what stands beside each, where a click leads)."""
    most = max((value or 0 for _name, values, _shown, _who in series for value in values), default=0)

    def draw(theme: str) -> dict[str, Any]:
        data = [
            {
                "type": "bar", "orientation": "h", "name": name, "x": list(values), "y": list(names),
                "text": list(shown), "textposition": "outside", "cliponaxis": False, "customdata": list(who),
                "marker": {"color": colour(theme, tints[place] if tints else place)},
                "hovertext": [wrapped(each) for each in names],
                "hovertemplate": f"{safe(name)} %{{hovertext}} <b>%{{text}}</b><extra></extra>",
            }
            for place, (name, values, shown, who) in enumerate(series)
        ]  # fmt: skip
        return {
            "data": data,
            "layout": layout(
                theme, height=len(names) * (_ROW + 20 * (len(series) - 1)) + (70 if len(series) > 1 else 24),
                hovermode="closest",
                bargap=0.3, showlegend=len(series) > 1,
                xaxis={"visible": False, "range": [0, max(most, 1) * 1.3]},
                yaxis=named_rows(theme),
            ),
        }  # fmt: skip

    return both(draw)


def heat(
    rows: Sequence[str], places: Sequence[str], rates: Sequence[Sequence[Any]], shown: Sequence[Sequence[str]],
    who: Sequence[Sequence[str]], across: str,
) -> Any:  # fmt: skip
    """A heat map of shares, the first row on top; a missing value is left blank."""
    few = len(places) <= _FEW_PLACES and len(rows) <= _FEW_PLACES

    def draw(theme: str) -> dict[str, Any]:
        scale = [[place / (len(_HEAT[theme]) - 1), tint] for place, tint in enumerate(_HEAT[theme])]
        return {
            "data": [
                {
                    "type": "heatmap", "x": list(places), "y": list(rows), "z": [list(row) for row in rates],
                    "text": [list(row) for row in shown], "customdata": [list(row) for row in who],
                    "texttemplate": "%{text}" if few else "", "colorscale": scale, "showscale": False,
                    "hovertemplate": "%{y} · %{x} <b>%{text}</b><extra></extra>", "xgap": 2, "ygap": 2,
                    "hoverongaps": False, "zmin": 0, "textfont": {"size": 12} | _ON_HEAT[theme],
                }
            ],
            "layout": layout(
                theme, height=len(rows) * 28 + 70, hovermode="closest",
                xaxis={"type": "category", "tickangle": 0, "side": "top", "ticks": "",
                       "title": {"text": across, "standoff": 4, "font": {"size": 12}}},
                yaxis=named_rows(theme) | {"ticks": ""},
            ),
        }  # fmt: skip

    return both(draw)


def flows(boxes: Sequence[tuple[str, str, int, int, str]], links: Sequence[tuple[int, int, int, str, str]]) -> Any:
    """A flow diagram: ``boxes`` with label, name of their colour, step and size; ``links`` from box to box with their
    width and what is said of them; each with where a click on it leads."""
    kinds = list(dict.fromkeys(box[1] for box in boxes))
    places = _places([(box[2], box[3]) for box in boxes])

    def draw(theme: str) -> dict[str, Any]:
        tints = [colour(theme, kinds.index(kind)) for _label, kind, _step, _size, _who in boxes]
        return {
            "data": [
                {
                    "type": "sankey", "arrangement": "snap",
                    "node": {
                        "label": [safe(box[0]) for box in boxes], "customdata": [box[4] for box in boxes],
                        "pad": 12, "thickness": 14,
                        "color": tints, "x": [x for x, _y in places], "y": [y for _x, y in places],
                        "line": {"width": 0}, "hovertemplate": "%{label} <b>%{value:,}</b><extra></extra>",
                    },
                    "link": {
                        "source": [link[0] for link in links], "target": [link[1] for link in links],
                        "value": [link[2] for link in links], "label": [link[3] for link in links],
                        "customdata": [link[4] for link in links],
                        "color": [_faint(tints[link[0]]) for link in links],
                        "hovertemplate": "%{label}<extra></extra>",
                    },
                    "textfont": {"color": _INK[theme], "size": 12},
                }
            ],
            "layout": layout(theme, height=480, hovermode="closest"),
        }  # fmt: skip

    return both(draw)


def _places(boxes: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """The middle of each box, by step across and by size down its column; Plotly takes none at the very edge."""
    columns = [step for step, _size in boxes]
    first, wide = min(columns, default=0), max(max(columns, default=0) - min(columns, default=0), 1)
    most = max((sum(size for step, size in boxes if step == column) for column in set(columns)), default=1) or 1
    above: dict[int, float] = dict.fromkeys(columns, 0.0)
    found = []
    for step, size in boxes:
        high = size / most * 0.8
        middle = above[step] + high / 2
        above[step] += high + 0.03
        found.append((round(0.001 + 0.998 * (step - first) / wide, 4), round(min(max(middle, 0.01), 0.99), 4)))
    return found


def _faint(tint: str) -> str:
    red, green, blue = (int(tint[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, .26)"


def mark(figure: dict[str, Any], theme: str, marks: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    """``figure`` with thin lines at places of its axis, each with a few letters on top and what is said of it."""
    whole = figure["layout"]
    lines = [
        {
            "type": "line", "xref": "x", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": 1,
            "line": {"color": _MUTE[theme], "width": 1, "dash": "dot"}, "layer": "below",
        }
        for place, _letters, _said in marks
    ]  # fmt: skip
    flags = [
        {
            "xref": "x", "yref": "paper", "x": place, "y": 1, "yanchor": "bottom", "text": letters, "showarrow": False,
            "hovertext": said, "captureevents": True, "font": {"size": 11, "color": _MUTE[theme]}, "borderpad": 2,
            "bgcolor": _PANEL[theme], "bordercolor": _MUTE[theme],
        }
        for place, letters, said in marks
    ]  # fmt: skip
    margin = {"l": 8, "r": 8, "b": 8, "t": 30}
    legend = {"y": 1.2} if whole.get("showlegend") is not False else {}
    return figure | {"layout": whole | {"shapes": lines, "annotations": flags, "margin": margin, "legend": legend}}


def wrapped(text: str) -> str:
    """A text for a tooltip, on lines that fit a telephone, and without anything that Plotly would read."""
    return "<br>".join(safe(text[at : at + _LINE]) for at in range(0, len(text), _LINE))


def safe(text: str) -> str:
    """Plotly reads a few tags and its own places in texts."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "% {")
