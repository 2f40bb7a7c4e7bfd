"""Which generation of timelines is current: published by renaming, found by one small file."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import msgspec

from wotu.core.durable import sync, write_durably
from wotu.facts.vocabulary import PropertyKind

SHARDS = 32
# Changes with the files of a generation; timelines of another format are built again.
FORMAT = 1


class Manifest(msgspec.Struct, frozen=True):
    """What a generation holds. ``first`` and ``last`` are the times (µs) of its first and last event."""

    format: int
    seq: int
    currency: str
    events: tuple[str, ...]
    properties: dict[str, PropertyKind]
    traits: dict[str, PropertyKind]
    customer_count: int
    event_count: int
    order_count: int
    first: int | None
    last: int | None
    unmatched_refunds: int
    unmatched_amount: int
    repeated_orders: int
    unconverted_orders: int

    @property
    def made_from(self) -> tuple[int, str]:
        """What timelines depend on: they are built again when either changes."""
        return self.seq, self.currency


def publish(folder: Path, target: Path, manifest: Manifest) -> Manifest:
    """Make the generation written to ``target`` the current one; older ones but the last are removed.

    Processes that still map an older generation keep reading it: the files are only unlinked.
    """
    write_durably(target / "manifest.json", msgspec.json.encode(manifest))
    number = max((int(path.name.partition("-")[0]) for path in _generations(folder)), default=0) + 1
    # The second part tells a generation from one of the same number made before timelines were deleted.
    final = folder / f"{number:08d}-{secrets.token_hex(4)}"
    target.rename(final)
    sync(folder)
    write_durably(folder / "current", final.name.encode())
    for old in _generations(folder)[:-2]:
        shutil.rmtree(old, ignore_errors=True)
    return manifest


def _generations(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.partition("-")[0].isdigit())


def current(folder: Path) -> str | None:
    """The name of the current generation's folder, if there is one."""
    try:
        return (folder / "current").read_text()
    except FileNotFoundError:
        return None


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of one generation's folder; ``None`` when it is missing, damaged or of another version."""
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    except (msgspec.DecodeError, FileNotFoundError):
        return None
    return manifest if manifest.format == FORMAT else None
