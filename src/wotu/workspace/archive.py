"""The file of a backup: a compressed tar whose last member tells the checksum of every other.

It is written and read as a stream, so that neither needs more memory or disk than the file itself.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

import msgspec
import pyarrow as pa

from wotu.core.errors import ErrorCode, WotuError, invalid_argument

MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_UNREADABLE = (tarfile.TarError, EOFError, pa.ArrowException, OSError)
_COMPRESSIONS = {".tar.zst": "zstd", ".tar.gz": "gzip", ".tgz": "gzip", ".tar": None}

Control = Literal["sqlite", "postgresql", "left out"]


class FileMark(msgspec.Struct, frozen=True):
    """Size in bytes and SHA-256 (hex) of one file."""

    size: int
    sha256: str


class LakeMark(msgspec.Struct, frozen=True):
    """Up to where the table of record goes in a backup."""

    version: int
    transaction: int
    last_seq: int


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. ``made`` is RFC 3339; ``control`` says how people of the team are in it."""

    version: int
    wotu: str
    format: int
    made: str
    control: Control
    lake: LakeMark | None
    files: dict[str, FileMark]


class ArchiveWriter:
    """Adds files to a backup and remembers their checksums."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, FileMark] = {}

    def add(self, name: str, path: Path) -> None:
        """Add the file as it is now; what another process appends meanwhile is not in it."""
        with path.open("rb") as source:
            size = source.seek(0, io.SEEK_END)
            source.seek(0)
            summing = _Summing(source)
            self._tar.addfile(_member(name, size), summing)
        self.files[name] = FileMark(size, summing.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which ends the backup."""
        content = msgspec.json.encode(manifest)
        self._tar.addfile(_member(MANIFEST, len(content)), io.BytesIO(content))


class _Summing:
    """A file that sums what is read of it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._sum.update(content)
        return content

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


def compression_of(path: Path) -> str | None:
    """How a backup of this name is compressed; refuses a name that does not tell."""
    for ending, compression in _COMPRESSIONS.items():
        if path.name.endswith(ending):
            return compression
    raise invalid_argument("file", f"{path.name}: name the backup .tar.zst, .tar.gz or .tar.")


@contextmanager
def writing(path: Path, *, compression: str | None) -> Iterator[ArchiveWriter]:
    """A writer of the archive ``path``, which nobody else may read from its first byte on."""
    path.touch(mode=0o600)
    with _output(path, compression) as sink, tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        yield ArchiveWriter(tar)


class Content:
    """The content of one member; reading what is damaged raises as a damaged archive does."""

    def __init__(self, path: Path, source: IO[bytes]) -> None:
        self._path = path
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, none at the end."""
        try:
            return self._source.read(size)
        except _UNREADABLE as error:
            raise _damaged(self._path, str(error)) from error


def members(path: Path) -> Iterator[tuple[str, Content]]:
    """Name and content of every member in order; a damaged or strange archive is refused."""
    try:
        with _input(path, compression_of(path)) as source, tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and _is_inside(member.name) else None
                if content is None:
                    raise _damaged(path, f"it holds {member.name!r}, which no backup does")
                yield member.name, Content(path, content)
    except _UNREADABLE as error:
        if isinstance(error, FileNotFoundError):
            raise WotuError(ErrorCode.INVALID_FILE, f"{path}: there is no such file.", field="file") from error
        raise _damaged(path, str(error)) from error


def copy_summing(content: Content, target: Path) -> FileMark:
    """Write ``content`` to ``target``, readable by its owner only; size and checksum of what was written."""
    summing, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        target.chmod(0o600)
        while piece := content.read(_CHUNK):
            summing.update(piece)
            size += file.write(piece)
    return FileMark(size, summing.hexdigest())


def _damaged(path: Path, why: str) -> WotuError:
    return WotuError(ErrorCode.INVALID_FILE, f"{path.name} is no whole backup ({why}); use another one.", field="file")


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _output(path: Path, compression: str | None) -> Any:
    return path.open("wb") if compression is None else pa.output_stream(str(path), compression=compression)


def _input(path: Path, compression: str | None) -> Any:
    return path.open("rb") if compression is None else pa.input_stream(str(path), compression=compression)
