"""CSV and its relatives, with exact line numbers, whatever encoding and delimiter they came in."""

from __future__ import annotations

import csv
import io
from array import array
from collections import Counter, deque
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.encodings import find_encoding
from wotu.collect.opening import invalid_file, open_bytes
from wotu.collect.quarantine import Problem
from wotu.collect.values import content_text

Lines = np.ndarray[tuple[int], np.dtype[np.int64]]

_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 100
_CELLS_AT_ONCE = 400_000
# Every quote that is never closed costs a second look at what follows it.
_READ_AGAIN = 20_000_000


def read_delimited(
    path: Path, encoding: str | None, delimiter: str | None
) -> tuple[pa.Table, Lines, list[Problem], str, str]:
    """Columns of text (empty cells null), line numbers, problems, and the encoding and delimiter found."""
    encoding, bad = find_encoding(path, encoding)
    escaped = "backslashreplace" if bad else "strict"
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding, escaped, newline="") as text:
        delimiter = delimiter or _find_delimiter(text.read(1 << 20))
    with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding, escaped, newline="") as text:
        reader = _Records(path, text, delimiter, bad)
        table = reader.table()
    if not reader.lines and not reader.problems:
        raise invalid_file(path, " has a header but no rows.")
    return table, np.array(reader.lines, np.int64), reader.problems, encoding, delimiter


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


class _Physical:
    """The physical lines of a text; those of a record that failed can be given back, to be read again."""

    def __init__(self, path: Path, text: TextIO) -> None:
        self._path = path
        self._text = text
        self._waiting: deque[str] = deque()
        self._again = 0
        self.line = 0  # the number of the last one given out
        self.record: list[str] = []  # those given out since ``begin``

    def __iter__(self) -> _Physical:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._text)
        self.line += 1
        self.record.append(line)
        return line

    def begin(self) -> int:
        """Start a record; the number of its first line."""
        self.record.clear()
        return self.line + 1

    def give_back(self) -> str:
        """Take all lines of the record back but its first, which is returned."""
        first, *others = self.record
        self._again += len(others)
        if self._again > _READ_AGAIN:
            raise invalid_file(self._path, ": its quotes do not pair. Nothing was loaded; correct the quotes.")
        self._waiting.extendleft(reversed(others))
        self.line -= len(others)
        return first


class _Records:
    """The rows of one open text, turned into columns a block at a time so that memory stays small."""

    def __init__(self, path: Path, text: TextIO, delimiter: str, bad: dict[int, str]) -> None:
        self._path = path
        self._bad = bad
        self._source = _Physical(path, text)
        self._reader = csv.reader(self._source, delimiter=delimiter, strict=True)
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
        if first := self._unread(1):
            raise invalid_file(self._path, f": the header cannot be read, line {first}.")
        return check_header(self._path, header)

    def _block(self, size: int) -> list[list[str]]:
        """The next ``size`` good rows (fewer at the end); the others become problems."""
        rows: list[list[str]] = []
        reader, source, lines, width = self._reader, self._source, self.lines, len(self._header)
        while len(rows) < size:
            line = source.begin()
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                self._give_back(line, error)
                continue
            if self._bad and (reason := self._unread(line)):
                number, _, reason = reason.partition(" ")
                self._refuse(int(number), None, reason, row)
            elif len(row) == width and any(row):
                lines.append(line)
                rows.append(row)
            elif any(row):
                self._refuse(line, None, f"has {len(row)} cells where the header has {width}", row)
        return rows

    def _unread(self, first: int) -> str | None:
        """Number and reason of the first line from ``first`` to here that could not be decoded."""
        lines = range(first, self._source.line + 1) if self._bad else ()
        return next((f"{line} {self._bad[line]}" for line in lines if line in self._bad), None)

    def _give_back(self, line: int, error: csv.Error) -> None:
        """A record that cannot be read costs its first line; the lines it ran over are read as rows of their own."""
        never = len(self._source.record) > 1
        text = self._source.give_back()
        reason = self._bad.get(line) or _reason(error, never)
        self.problems.append(Problem(self._path.name, line, None, reason, content_text(text.rstrip("\r\n"))[:2_000]))

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


def _reason(error: csv.Error, several: bool) -> str:
    if several or "unexpected end of data" in str(error):
        return "a quoted cell that begins here is never closed"
    return f"cannot be read: {error}"
