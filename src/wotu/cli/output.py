"""How answers are written: JSON alone on standard output, or tables for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table


def write_json(value: Any) -> None:
    """One JSON document and nothing else on standard output."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def console() -> Console:
    """Where tables for people go."""
    # A pipe or file has no width of its own; 80 columns would cut tables short.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def messages() -> Console:
    """Where progress and remarks go, so that standard output holds only the answer."""
    return Console(stderr=True, highlight=False)


def write_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1, prose: bool = False
) -> None:
    """A table: the first ``left`` columns (and with ``prose`` the last) are text, the rest numbers, right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        words = i < left or (prose and i == len(columns) - 1)
        table.add_column(column, justify="left" if words else "right", header_style="dim", no_wrap=not words)
    for row in rows:
        table.add_row(*(text(value) for value in row))
    console().print(table)


def text(value: object) -> str:
    """A value as people read it: thousands separated, missing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def percent(value: float | None) -> str:
    """A rate as a percentage."""
    return "–" if value is None else f"{value * 100:.1f} %"


def _plain(value: object) -> object:
    if isinstance(value, (Decimal, date)):
        return str(value)
    raise TypeError(type(value).__name__)
