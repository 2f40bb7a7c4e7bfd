"""Answers as Plotly figures for notebooks; the console draws its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Safe for colour blindness; the console's palette in the same order.
COLOURS = ("#1f6f4f", "#3c6fb6", "#d08a1d", "#a1457d", "#7fb39a", "#6a716c")


def lines(title: str, times: Sequence[str], series: Mapping[str, Sequence[Any]], unit: str) -> Figure:
    """One line per series over time; ``unit`` names the vertical axis."""
    figure = _figure(title, unit)
    for (name, values), colour in zip(series.items(), COLOURS * len(series), strict=False):
        figure.add_scatter(x=list(times), y=list(values), name=name, mode="lines", line={"color": colour, "width": 2})
    figure.update_layout(hovermode="x unified")
    return figure


def stacked(title: str, times: Sequence[str], series: Mapping[str, Sequence[float]], unit: str) -> Figure:
    """Stacked bars over time; negative values stand below the zero line."""
    figure = _figure(title, unit)
    for (name, values), colour in zip(series.items(), COLOURS, strict=False):
        figure.add_bar(x=list(times), y=list(values), name=name, marker={"color": colour})
    figure.update_layout(barmode="relative", hovermode="x unified")
    return figure


def bars(title: str, values: Mapping[str, float], unit: str) -> Figure:
    """One horizontal bar per name, in the order given from the top."""
    figure = _figure(title, None)
    names = list(values)
    figure.add_bar(x=[values[name] for name in names], y=names, orientation="h", marker={"color": COLOURS[0]})
    figure.update_layout(yaxis={"autorange": "reversed"}, xaxis={"title": {"text": unit}, "tickformat": ","})
    return figure


def flows(title: str, boxes: Mapping[str, tuple[str, int, int]], links: Sequence[tuple[str, str, int]]) -> Figure:
    """A Sankey diagram: ``boxes`` by id with label, step and size, ``links`` from id to id with their width."""
    figure = _figure(title, None)
    place = {box: number for number, box in enumerate(boxes)}
    labels = list(dict.fromkeys(label for label, _, _ in boxes.values()))
    colour = {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
    figure.add_sankey(
        arrangement="snap",
        node={
            "label": [label for label, _, _ in boxes.values()],
            "color": [colour[label] for label, _, _ in boxes.values()],
            "pad": 12,
            **_columns([(step, size) for _, step, size in boxes.values()]),
        },
        link={
            "source": [place[source] for source, _, _ in links],
            "target": [place[target] for _, target, _ in links],
            "value": [width for _, _, width in links],
        },
    )
    return figure


def curves(title: str, places: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str) -> Figure:
    """One line with markers per series over numbered places; gaps where there is no value."""
    figure = _figure(title, unit)
    for (name, values), colour in zip(series.items(), COLOURS * len(series), strict=False):
        figure.add_scatter(
            x=list(places), y=list(values), name=name, mode="lines+markers", line={"color": colour, "width": 2}
        )
    figure.update_layout(hovermode="x unified", xaxis={"type": "category"})
    return figure


def heatmap(
    title: str, columns: Sequence[str], rows: Sequence[str], shares: Sequence[Sequence[float | None]]
) -> Figure:
    """Shares by row (from the top) and column; empty where there is no value."""
    figure = _figure(title, None)
    figure.add_heatmap(
        x=list(columns), y=list(rows), z=[list(row) for row in shares], zmin=0, zmax=1, xgap=1, ygap=1,
        colorscale=[[0, "#f3f2ee"], [1, COLOURS[0]]], hovertemplate="%{y} · %{x}: %{z:.1%}<extra></extra>",
        colorbar={"tickformat": ".0%"},
    )  # fmt: skip
    figure.update_layout(xaxis={"type": "category", "side": "top"}, yaxis={"type": "category", "autorange": "reversed"})
    return figure


def columns(title: str, values: Mapping[str, float], unit: str) -> Figure:
    """One upright bar per name, side by side: a histogram."""
    figure = _figure(title, unit)
    figure.add_bar(x=list(values), y=list(values.values()), marker={"color": COLOURS[0]})
    figure.update_layout(bargap=0.05, xaxis={"type": "category"})
    return figure


def funnel_bars(title: str, steps: Sequence[str], groups: Mapping[str, Sequence[int]]) -> Figure:
    """A horizontal bar per step and group, the first step at the top, with its share of the first step."""
    figure = _figure(title, None)
    for (name, values), colour in zip(groups.items(), COLOURS * len(groups), strict=False):
        figure.add_funnel(
            y=list(steps), x=list(values), name=name, textinfo="value+percent initial", marker={"color": colour},
            showlegend=len(groups) > 1,
        )  # fmt: skip
    return figure


def _columns(boxes: Sequence[tuple[int, int]]) -> dict[str, list[float]]:
    """Where boxes stand: a column per step, one below the other in the order given."""
    totals: dict[int, int] = {}
    middles = []
    for step, size in boxes:
        middles.append(totals.get(step, 0) + size / 2)
        totals[step] = totals.get(step, 0) + size
    first, last, tallest = min(totals, default=0), max(totals, default=0), max(totals.values(), default=1)
    # Plotly takes a place at the very edge for no wish at all.
    return {
        "x": [0.001 + 0.998 * (step - first) / max(last - first, 1) for step, _ in boxes],
        "y": [0.001 + 0.998 * middle / tallest for middle in middles],
    }


def _figure(title: str, unit: str | None) -> Figure:
    # Plotly takes a third of a second to import, and few processes draw.
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(
        title={"text": title, "x": 0, "font": {"size": 16}},
        template="simple_white",
        font={"family": "system-ui, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif", "size": 13},
        legend={"orientation": "h", "y": 1.08, "x": 0},
        margin={"l": 48, "r": 16, "t": 72, "b": 40},
        # Thousands are set apart, and long names make room for themselves.
        xaxis={"automargin": True},
        yaxis={
            "title": {"text": unit},
            "zeroline": True,
            "gridcolor": "#e7e6e1",
            "showgrid": True,
            "tickformat": ",",
            "automargin": True,
        },
    )
    return figure
