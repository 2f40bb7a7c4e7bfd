"""The sheet of an Excel workbook (.xlsx) as columns, with the row numbers a person sees."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from wotu.collect.columns import column_of
from wotu.collect.delimited import Lines, check_header
from wotu.collect.opening import invalid_file
from wotu.collect.quarantine import Problem
from wotu.collect.values import content_text

_FORMULA = re.compile(rb"<f[ >/]")
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})

_Row = tuple[Any, ...]


def read_excel(path: Path, sheet: str | None) -> tuple[pa.Table, Lines, list[Problem]]:
    """Columns, row numbers and problem rows of ``sheet`` (the first when not given).

    Rows with a formula whose value was never stored, or with an error value, become problems.
    """
    rows: list[_Row] = []
    lines: list[int] = []
    problems: list[Problem] = []
    with _opened(path):
        numbered = enumerate(_rows(path, sheet), 1)
        header: list[str] = []
        for line, (values, formulas) in numbered:
            if all(value is None for value in formulas or values):
                continue
            if not header:
                header = check_header(path, ["" if value is None else str(value) for value in _trimmed(values)])
                continue
            fault = _fault(header, values, formulas)
            if fault is None:
                rows.append(_fitted(values, len(header)))
                lines.append(line)
            else:
                content = content_text(dict(zip(header, formulas or values, strict=False)))[:2_000]
                problems.append(Problem(path.name, line, *fault, content))
    if not header:
        raise invalid_file(path, " is empty: it needs a header and at least one row.")
    if not rows and not problems:
        raise invalid_file(path, " has a header but no rows.")
    columns = {name: column_of([row[index] for row in rows]) for index, name in enumerate(header)}
    return pa.table(columns), np.array(lines, np.int64), problems


def _fault(header: list[str], values: _Row, formulas: _Row | None) -> tuple[str | None, str] | None:
    if len(_trimmed(values)) > len(header):
        return None, f"has {len(_trimmed(values))} cells where the header has {len(header)}"
    for name, value, formula in zip(header, values, formulas or values, strict=False):
        if value is None and formula is not None:
            return name, "holds a formula without a stored value; open and save the file in Excel"
        if isinstance(value, str) and value in _ERRORS:
            return name, f"holds the error {value}"
        if isinstance(value, str) and "\0" in value:
            return name, "contains a NUL character"
    return None


def _rows(path: Path, sheet: str | None) -> Iterator[tuple[_Row, _Row | None]]:
    """Each row's values and, when the workbook has formulas, what is written in its cells."""
    if not _has_formulas(path):
        yield from zip(_cells(path, sheet, values=True), repeat(None))
    else:
        yield from zip(_cells(path, sheet, values=True), _cells(path, sheet, values=False), strict=True)


def _cells(path: Path, sheet: str | None, *, values: bool) -> Iterator[_Row]:
    with warnings.catch_warnings():
        # openpyxl warns about styles and extensions it does not draw; the values are complete.
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(path, read_only=True, data_only=values)
        try:
            page = _page(path, book, sheet)
            # Some programs store a wrong size of the sheet; without one, every row is read.
            page.reset_dimensions()
            yield from page.iter_rows(values_only=True)
        finally:
            book.close()


def _page(path: Path, book: Any, sheet: str | None) -> Any:
    tables = {page.title: page for page in book.worksheets}
    names = ", ".join(tables)
    title = book.sheetnames[0] if sheet is None else sheet
    if title in tables:
        return tables[title]
    if title in book.sheetnames or not tables:
        other = f"name a sheet with rows in the mapping: {names}" if names else "there is no sheet with rows"
        raise invalid_file(path, f": the sheet {title!r} is a chart; {other}.")
    raise invalid_file(path, f" has no sheet {sheet!r}; it has {names}.")


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_FORMULA.search(archive.read(name)) for name in sheets)


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        ParseError,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
        OSError,
    ) as error:
        raise invalid_file(
            path, f" is not a whole Excel workbook ({error}). Nothing was loaded; save it again as .xlsx."
        ) from error


def _trimmed(values: _Row) -> _Row:
    end = len(values)
    while end and values[end - 1] is None:
        end -= 1
    return values[:end]


def _fitted(values: _Row, width: int) -> _Row:
    return values[:width] + (None,) * (width - len(values))
