"""Which encoding a text file is written in, and which of its lines are not."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from wotu.collect.opening import invalid_file, open_bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("utf-8", "gb18030")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_FEW = 3
_SHARE = 100


def find_encoding(path: Path, given: str | None) -> tuple[str, dict[int, str]]:
    """The encoding and, by line number, why single lines cannot be read in it.

    ``given`` must fit the whole file. Otherwise: the byte order mark, else UTF-8 or GB18030, whichever
    reads the file or, when neither does, all but a few lines.
    """
    if given:
        return _checked(path, given), {}
    with open_bytes(path) as stream:
        start = stream.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    candidates = (marked,) if marked else _CANDIDATES
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding, {}
    if marked and marked != "utf-8-sig":
        raise invalid_file(path, f" begins as {marked} but cannot be read so; save it as UTF-8.")
    found = {encoding: _failing(path, encoding) for encoding in candidates}
    encoding = min(found, key=lambda name: len(found[name][0]))
    bad, lines = found[encoding]
    if len(bad) > _FEW and len(bad) * _SHARE > lines:
        line, reason = next(iter(bad.items()))
        raise invalid_file(
            path,
            f": line {line} and {len(bad) - 1} others cannot be read ({reason}). Name the encoding in the mapping, "
            "such as encoding: cp1252.",
        )
    advice = "name the encoding in the mapping if the file has another"
    return encoding, {line: f"{reason}; {advice}" for line, reason in bad.items()}


def _failing(path: Path, encoding: str) -> tuple[dict[int, str], int]:
    """The physical lines that cannot be read, with the reason, and how many lines there are."""
    bad: dict[int, str] = {}
    line = 0
    for line, raw in enumerate(_physical(path), 1):
        try:
            raw.decode(encoding if line == 1 else encoding.removesuffix("-sig"))
        except UnicodeDecodeError as error:
            place = f"byte 0x{raw[error.start]:02x} at column {error.start + 1}"
            bad[line] = f"cannot be read as {encoding.removesuffix('-sig')}: {place}"
    return bad, line


def _physical(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as stream:
        for raw in stream:
            if raw.isascii() and b"\r" not in raw:
                yield raw
            else:
                yield from _LINE.findall(raw)


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


def _checked(path: Path, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise invalid_file(path, f": {encoding!r} is not an encoding; use a name such as utf-8 or gb18030.") from error
    if not _decodes(path, encoding):
        raise invalid_file(path, f" is not written in {encoding}; leave encoding out to have it found.")
    return encoding
