"""Opening files that may be compressed, cut off or not what their name says."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from wotu.core.errors import ErrorCode, WotuError


def invalid_file(path: Path, message: str) -> WotuError:
    """The error for a file that cannot be used; ``message`` goes on after its name and says what to do."""
    return WotuError(ErrorCode.INVALID_FILE, f"{path.name}{message}", field=path.name)


@contextmanager
def reading(path: Path, place: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Failures of the disk or of gzip as errors that name the file; ``place`` adds where it happened."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise invalid_file(
            path, f": the compressed data is cut off or damaged{place()}. Nothing was loaded; fetch the file again."
        ) from error
    except FileNotFoundError as error:
        raise invalid_file(path, ": there is no such file.") from error
    except OSError as error:
        raise invalid_file(path, f" cannot be read: {error.strerror}.") from error


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The content of ``path``, unpacked when it is gzip (by its first bytes, whatever its name)."""
    with path.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            stream.seek(0)
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            stream.seek(0)
            yield stream
