"""Tables as CSV and Excel files, sent while they are made, with no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.masking import mask, mask_text, mask_value
from wotu.accounts.reads import signed_in
from wotu.console.addresses import client_address

# The full-width signs start a formula in spreadsheets of East Asian languages.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_ROWS_A_PIECE = 500
_BYTES_A_PIECE = 64 * 1024
_LONGEST_TOLD = 200
_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Row = Sequence[Any]


def guarded(cell: object) -> object:
    """A cell that is shown and never calculated: text that looks like a formula gets an apostrophe before it."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_RUNS) else cell
    return cell


def export(
    request: HttpRequest, name: str, header: Row, rows: Iterable[Row], *, kind: str, total: int
) -> StreamingHttpResponse:
    """``rows``, ``total`` of them, as a file named ``name``; ``kind`` is csv or xlsx.

    The audit tells it before the first byte, so that breaking the download off hides nothing.
    A refusal of the question comes with the first row, so it is taken while the answer can still be an error page.
    """
    rows = iter(rows)
    rows = chain([first], rows) if (first := next(rows, None)) is not None else rows
    _tell(request, name, kind, total)
    pieces = _pieces(_xlsx(header, rows)) if kind == "xlsx" else _csv(header, rows)
    body = _steps(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(body, content_type=_XLSX if kind == "xlsx" else _CSV)
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _tell(request: HttpRequest, name: str, kind: str, total: int) -> None:
    member = signed_in(request.user)
    assert member is not None
    asked = {key: _told(key, request.GET[key]) for key in request.GET if request.GET[key]}
    record(
        actor=member, action=AuditAction.EXPORT, target=name, address=client_address(request)[0],
        detail={"rows": total, "kind": kind, **({"asked": asked} if asked else {})},
    )  # fmt: skip


def _told(key: str, value: str) -> str:
    """A part of the address for the audit, which holds no identifier: what was searched for may be one."""
    if key == "trait":
        name, _colon, wanted = value.partition(":")
        return f"{mask_text(name)}:{mask_value(name, wanted)}"[:_LONGEST_TOLD]
    return (mask("", value) if key == "q" else mask_text(value))[:_LONGEST_TOLD]


def _csv(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    # The mark lets spreadsheets read Chinese without asking for the encoding.
    yield b"\xef\xbb\xbf"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guarded(str(cell)) for cell in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_text(cell) for cell in row])
        if number % _ROWS_A_PIECE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _xlsx(header: Row, rows: Iterable[Row]) -> IO[bytes]:
    """The whole workbook, in a file that is gone once it is closed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Wotu")
    sheet.append([_cell(str(cell)) for cell in header])
    for row in rows:
        sheet.append([_cell(cell) for cell in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response reads it to its end
    book.save(file)
    file.seek(0)
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_BYTES_A_PIECE):
            yield piece


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _text(cell: object) -> object:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, (date, datetime)) else guarded(cell)


def _cell(cell: object) -> object:
    """What Excel understands: it knows no time zones and no control characters, and Decimal keeps its digits."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    return cell if cell is None or isinstance(cell, (int, float, Decimal, date)) else _clean(str(cell))


def _clean(text: str) -> object:
    return guarded(ILLEGAL_CHARACTERS_RE.sub("", text))


async def _steps(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(pieces, None))
    while (piece := await following()) is not None:
        yield piece
