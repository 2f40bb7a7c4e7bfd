"""One JSON object per line as a table: the union of the keys, absent ones null."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from wotu.collect.columns import column_of
from wotu.collect.delimited import Lines
from wotu.collect.opening import invalid_file, open_bytes, reading
from wotu.collect.quarantine import Problem
from wotu.collect.values import Fault, check_depth, check_json

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def read_json_lines(path: Path) -> tuple[pa.Table, Lines, list[Problem]]:
    """Columns, line numbers and the lines that are no JSON object."""
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    line = 0
    with reading(path, lambda: f" after line {line}"), open_bytes(path) as stream:
        for line, raw in enumerate(stream, 1):
            content = raw.strip().removeprefix(b"\xef\xbb\xbf")
            if not content:
                continue
            try:
                rows.append(_decode(content))
                lines.append(line)
            except Fault as fault:
                text = content.decode("utf-8", "backslashreplace")[:2_000]
                problems.append(Problem(path.name, line, fault.field, str(fault), text))
    if not rows and not problems:
        raise invalid_file(path, " is empty: it needs one JSON object per line.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: column_of([row.get(name) for row in rows]) for name in names}
    return pa.table(columns), np.array(lines, np.int64), problems


def _decode(content: bytes) -> dict[str, Any]:
    try:
        row = _decoder.decode(content)
    except RecursionError as error:
        raise Fault("message", "is nested too deeply") from error
    except ArithmeticError as error:
        raise Fault("message", "holds a number that is too large") from error
    except ValueError as error:
        raise Fault("message", f"is not a JSON object: {error}") from error
    check_depth(row, content.decode(), "")
    if b"\\u0000" in content:
        check_json(row, "message")
    return row
