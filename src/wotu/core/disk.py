"""Whether the disk has room: below the reserve nothing more is taken in, settled or put together."""

from __future__ import annotations

import shutil
from pathlib import Path

_MEGABYTE = 1 << 20


def free_bytes(path: Path) -> int:
    """Bytes that may still be written to the disk of ``path``, which exists."""
    return shutil.disk_usage(path).free


def leaves_reserve(free: int, reserve_mb: int) -> bool:
    """Whether ``free`` bytes are no less than the reserve; a reserve of 0 asks for nothing."""
    return free >= reserve_mb * _MEGABYTE


def enough(path: Path, reserve_mb: int) -> bool:
    """Whether the disk of ``path`` still has its reserve free."""
    return leaves_reserve(free_bytes(path), reserve_mb)


def shortage(free: int, reserve_mb: int) -> str | None:
    """Why nothing more is written, in words; ``None`` when there is room."""
    if leaves_reserve(free, reserve_mb):
        return None
    return (
        f"the disk has {free / _MEGABYTE:,.0f} MB free, less than the reserve of {reserve_mb:,} MB; "
        "make room, or lower reserve_mb in wotu.toml."
    )
