"""Does any file of a folder still hold a text? Looks into compressed columns and archives too."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def remains(root: Path, texts: Iterable[str]) -> list[tuple[str, str]]:
    """(file, text) of every text that still stands in a file below ``root``, in UTF-8, UTF-16 or as JSON escapes."""
    wanted = {text: _writings(text) for text in texts}
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        contents = [path.name.encode(), *_contents(path)]
        for text, writings in wanted.items():
            if any(writing in content for content in contents for writing in writings):
                found.append((path.relative_to(root).as_posix(), text))
    return found


def _writings(text: str) -> tuple[bytes, ...]:
    escaped = text.encode("ascii", "backslashreplace")
    return text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), escaped


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw[:4] == b"PAR1":
        table = pq.read_table(path)
        for name in table.column_names:
            yield name.encode()
            yield "\n".join(map(str, table[name].to_pylist())).encode()
        metadata = pq.read_metadata(path)
        yield str([metadata.row_group(i).to_dict() for i in range(metadata.num_row_groups)]).encode()
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:4] == b"\x28\xb5\x2f\xfd":
        yield pa.input_stream(str(path), compression="zstd").read()
    elif raw[:6] == b"ARROW1":
        with pa.ipc.open_file(path) as reader:
            yield str(reader.read_all().to_pydict()).encode()
