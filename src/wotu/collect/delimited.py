"""CSV and its relatives, with exact line numbers, whatever encoding and delimiter they came in."""

from __future__ import annotations

import codecs
import csv
import io
from array import array
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.opening import invalid_file, open_bytes
from wotu.collect.quarantine import Problem
from wotu.collect.values import content_text

Lines = np.ndarray[tuple[int], np.dtype[np.int64]]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("utf-8", "gb18030", "cp1252")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 100
_CELLS_AT_ONCE = 400_000


def read_delimited(
    path: Path, encoding: str | None, delimiter: str | None
) -> tuple[pa.Table, Lines, list[Problem], str, str]:
    """Columns of text (empty cells null), line numbers, problems, and the encoding and delimiter found."""
    encoding = _checked_encoding(path, encoding) if encoding else find_encoding(path)
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        delimiter = delimiter or _find_delimiter(text.read(1 << 20))
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        reader = _Records(path, text, delimiter)
        table = reader.table()
    return table, np.array(reader.lines, np.int64), reader.problems, encoding, delimiter


def find_encoding(path: Path) -> str:
    """By byte order mark, else the first of UTF-8, GB18030 and Windows-1252 that decodes every byte."""
    with open_bytes(path) as stream:
        start = stream.read(4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    for encoding in _CANDIDATES:
        if _decodes(path, encoding):
            return encoding
    raise invalid_file(path, ": the encoding is not clear; name it in the mapping, such as encoding: big5.")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path) as stream:
        try:
            while block := stream.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _checked_encoding(path: Path, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise invalid_file(path, f": {encoding!r} is not an encoding; use a name such as utf-8 or gb18030.") from error
    if not _decodes(path, encoding):
        raise invalid_file(path, f" is not written in {encoding}; leave encoding out to have it found.")
    return encoding


def _find_delimiter(start: str) -> str:
    """The delimiter whose rows agree most on a width above one; of equals the one with wider rows."""
    return max(_DELIMITERS, key=lambda delimiter: _consistency(start, delimiter))


def _consistency(start: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    try:
        for row in islice(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), _SNIFFED_ROWS):
            if row:
                widths[len(row)] += 1
    except csv.Error:
        return 0.0, 0
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return (rows / widths.total(), width) if width > 1 else (0.0, 0)


class _Records:
    """The rows of one open text, turned into columns a block at a time so that memory stays small."""

    def __init__(self, path: Path, text: TextIO, delimiter: str) -> None:
        self._path = path
        self._reader = csv.reader(text, delimiter=delimiter, strict=True)
        self.lines = array("q")
        self.problems: list[Problem] = []
        self._header = self._read_header()

    def table(self) -> pa.Table:
        at_once = max(1, _CELLS_AT_ONCE // len(self._header))
        kind = pa.schema([(name, pa.string()) for name in self._header])
        blocks = []
        while block := self._block(at_once):
            arrays = _columns(block)
            if any(_holds_nul(array) for array in arrays):
                arrays = _columns(self._without_nul(block)) or [pa.array([], pa.string())] * len(kind)
            arrays = [pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array) for array in arrays]
            blocks.append(pa.record_batch(arrays, schema=kind))
        return pa.Table.from_batches(blocks, schema=kind)

    def _read_header(self) -> list[str]:
        try:
            header = next((row for row in self._reader if any(cell.strip() for cell in row)), None)
        except csv.Error as error:
            raise invalid_file(self._path, f": the header cannot be read ({error}).") from error
        if header is None:
            raise invalid_file(self._path, " is empty: it needs a header and at least one row.")
        return check_header(self._path, header)

    def _block(self, size: int) -> list[list[str]]:
        """The next ``size`` good rows (fewer at the end); the others become problems."""
        rows: list[list[str]] = []
        reader, lines, width = self._reader, self.lines, len(self._header)
        while len(rows) < size:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                self._refuse(line, None, _reason(error), [])
                continue
            if len(row) == width and any(row):
                lines.append(line)
                rows.append(row)
            elif any(row):
                self._refuse(line, None, f"has {len(row)} cells where the header has {width}", row)
        return rows

    def _without_nul(self, block: list[list[str]]) -> list[list[str]]:
        """The rows of the newest block that can be stored; the others become problems."""
        lines = self.lines[-len(block) :]
        del self.lines[-len(block) :]
        good = []
        for line, row in zip(lines, block, strict=True):
            field = next((name for name, cell in zip(self._header, row, strict=True) if "\0" in cell), None)
            if field is None:
                self.lines.append(line)
                good.append(row)
            else:
                self._refuse(line, field, "contains a NUL character", row)
        return good

    def _refuse(self, line: int, field: str | None, reason: str, row: list[str]) -> None:
        named = dict(zip(self._header, row, strict=False)) | {
            f"({number})": cell for number, cell in enumerate(row[len(self._header) :], len(self._header) + 1)
        }
        self.problems.append(Problem(self._path.name, line, field, reason, content_text(named)[:2_000]))


def check_header(path: Path, header: list[str]) -> list[str]:
    """The header stripped; raises naming the column that has no name or appears twice."""
    names = [name.strip().strip("\ufeff") for name in header]
    if "" in names:
        raise invalid_file(path, f": column {names.index('') + 1} has no name; give every column a header.")
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise invalid_file(path, f": two columns are named {twice!r}; rename one.")
    return names


def _columns(block: list[list[str]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*block, strict=True)]


def _holds_nul(column: pa.Array) -> bool:
    data = column.buffers()[2]
    return data is not None and bool((np.frombuffer(data, np.uint8) == 0).any())


def _reason(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quoted cell that begins here is never closed"
    return f"cannot be read: {error}"
