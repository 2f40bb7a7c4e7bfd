"""How answers are written: JSON alone on standard output, or tables for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_ROWS = 60
_RATES = ("from_start", "from_previous", "retention_with", "retention_without")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


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
    out = console()
    # As the table's own title it would be cut to the width of the columns.
    out.print(title, style="bold", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        words = i < left or (prose and i == len(columns) - 1)
        table.add_column(column, justify="left" if words else "right", header_style="dim", no_wrap=not words)
    for row in rows:
        table.add_row(*(text(value) for value in row))
    out.print(table)


def write_arrow(title: str, table: pa.Table) -> None:
    """The first rows of an answer's table; a column that is empty in all of them is left out."""
    rows = table.slice(0, _MOST_ROWS).to_pylist()
    shown = [name for name in table.column_names if any(row[name] is not None for row in rows)]
    left = next((place for place, name in enumerate(shown) if not _is_words(rows, name)), len(shown))
    columns = [name.removesuffix("_seconds").replace("_", " ") for name in shown]
    write_table(title, columns, [[_of_column(name, row[name]) for name in shown] for row in rows], left=left)
    if table.num_rows > _MOST_ROWS:
        messages().print(f"… and {table.num_rows - _MOST_ROWS:,} rows more; --json has all of them.")


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


def duration(seconds: float | None) -> str:
    """A time in its two largest units."""
    if seconds is None:
        return "–"
    whole, parts = round(seconds), []
    for size, unit in _UNITS:
        if whole >= size:
            parts.append(f"{whole // size} {unit}")
            whole %= size
    return " ".join(parts[:2]) or f"{seconds:.3g} s"


def _of_column(name: str, value: Any) -> object:
    """A value as people read it, by what its column is called."""
    if name.endswith("_seconds"):
        return duration(value)
    if isinstance(value, float) and (name.endswith(("rate", "share", "recall", "precision")) or name in _RATES):
        return percent(value)
    return ", ".join(map(text, value)) if isinstance(value, list) else value


def _is_words(rows: Sequence[dict[str, Any]], name: str) -> bool:
    return any(isinstance(row[name], (str, list)) for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, (Decimal, date)):
        return str(value)
    raise TypeError(type(value).__name__)
