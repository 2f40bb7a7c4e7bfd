"""Charts as Plotly figures in plain data, drawn once for light and once for dark pages.

Colours are safe for colour blindness, and an entity keeps its colour on every page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

_FONT = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif'
_FEW = 10
_LEAST_WEEKS = 8
_LEAST_MONTHS = 6
_THEMES: dict[str, dict[str, str]] = {
    "light": {
        "ink": "#1c1f1d", "mute": "#626a65", "line": "#e7e6e1", "panel": "#ffffff",
        "new": "#3c6fb6", "returning": "#1f6f4f", "resurrecting": "#7fb59a", "dormant": "#d08a1d",
    },
    "dark": {
        "ink": "#e9ebe8", "mute": "#99a19c", "line": "#2a2f2c", "panel": "#191c1a",
        "new": "#7fa9e6", "returning": "#57b98c", "resurrecting": "#2f7a58", "dormant": "#e3ad55",
    },
}  # fmt: skip


@cache
def unused_style() -> str:
    """The id of a style element for maps that the Plotly bundle would add to the page, which we do not draw.

    An element that has the id already keeps it from trying, so the page's policy need not allow the style.
    """
    import plotly

    bundle = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")
    guard = re.search(r'if\(!document\.getElementById\("([0-9a-f]{64})"\)\)', bundle)
    return guard[1] if guard else ""


def template(theme: str) -> dict[str, Any]:
    """Our Plotly template: faint grid, visible zero line, no decoration."""
    colour = _THEMES[theme]
    axis = {
        "gridcolor": colour["line"], "zerolinecolor": colour["mute"], "linecolor": colour["line"],
        "tickfont": {"color": colour["mute"], "size": 12}, "automargin": True, "fixedrange": True,
    }  # fmt: skip
    return {
        "layout": {
            "font": {"family": _FONT, "size": 13, "color": colour["ink"]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": {**axis, "showgrid": False, "zeroline": False},
            "yaxis": {**axis, "zeroline": True, "zerolinewidth": 1},
            "hoverlabel": {
                "bgcolor": colour["panel"], "bordercolor": colour["line"],
                "font": {"family": _FONT, "size": 13, "color": colour["ink"]}, "align": "left",
            },
            "legend": {"orientation": "h", "x": 0, "y": 1.12, "yanchor": "bottom", "font": {"size": 13}},
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        }
    }  # fmt: skip


def growth_chart(periods: tuple[Any, ...], labels: list[str]) -> dict[str, Any]:
    """Weekly growth accounting: customers gained above the zero line, customers gone quiet below it."""
    return {theme: _growth(periods, labels, theme) for theme in _THEMES}


def _growth(periods: tuple[Any, ...], labels: list[str], theme: str) -> dict[str, Any]:
    colour = _THEMES[theme]
    kinds = [
        ("returning", _("Returning")), ("resurrecting", _("Resurrecting")),
        ("new", _("New customers")), ("dormant", _("Dormant")),
    ]  # fmt: skip
    traces = []
    for kind, name in kinds:
        sign = -1 if kind == "dormant" else 1
        numbers = [getattr(period, kind) for period in periods]
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": labels,
                "y": [sign * number for number in numbers],
                "customdata": numbers,
                "hovertemplate": name + " <b>%{customdata:,}</b><extra></extra>",
                "marker": {
                    "color": colour[kind],
                    # A week that is not over yet is drawn lighter.
                    "opacity": [1.0 if period.complete else 0.45 for period in periods],
                },
            }
        )
    most = max((max(each.new + each.returning + each.resurrecting, each.dormant) for each in periods), default=0)
    return {
        "data": traces,
        "layout": {
            "template": template(theme),
            "barmode": "relative",
            "bargap": 0.28,
            "height": 280,
            "hovermode": "x unified",
            # A short history starts on the left; its bars are no wider than later ones.
            "xaxis": {"type": "category", "tickangle": 0, "range": [-0.5, max(len(labels), _LEAST_WEEKS) - 0.5]},
            # Customers are whole: a step between two of them has no tick.
            "yaxis": {"tickformat": ",d", "dtick": 1} if most < _FEW else {"tickformat": ",~s"},
        },
    }


def expiry_chart(labels: list[str], amounts: list[float], told: list[str]) -> dict[str, Any]:
    """What will expire in each month; ``told`` are the amounts in words."""
    return {theme: _expiry(labels, amounts, told, theme) for theme in _THEMES}


def _expiry(labels: list[str], amounts: list[float], told: list[str], theme: str) -> dict[str, Any]:
    bars = {
        "type": "bar", "x": labels, "y": amounts, "customdata": told,
        "hovertemplate": "%{x} <b>%{customdata}</b><extra></extra>", "marker": {"color": _THEMES[theme]["dormant"]},
    }  # fmt: skip
    few = max(amounts, default=0) < _FEW
    return {
        "data": [bars],
        "layout": {
            "template": template(theme),
            "bargap": 0.4,
            "height": 240,
            "xaxis": {"type": "category", "tickangle": 0, "range": [-0.5, max(len(labels), _LEAST_MONTHS) - 0.5]},
            "yaxis": {"rangemode": "tozero", **({"tickformat": ",d", "dtick": 1} if few else {"tickformat": ",~s"})},
        },
    }
