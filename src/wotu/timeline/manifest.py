"""Which generation of timelines is current: one small file, replaced whole, that names its layers."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from functools import lru_cache
from itertools import count
from pathlib import Path

import msgspec

from wotu.core.durable import write_durably
from wotu.facts.event_names import EventNames
from wotu.facts.vocabulary import PropertyKind

SHARDS = 32
# Changes with the files of a generation; timelines of another format are built again.
FORMAT = 2
CURRENT, SETTLED = "current.json", "settled.json"
_NUMBERS = count()


class Totals(msgspec.Struct, frozen=True):
    """Sums over all customers."""

    customers: int = 0
    events: int = 0
    orders: int = 0
    unmatched: int = 0
    unmatched_amount: int = 0
    repeated: int = 0
    unconverted: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))

    def __sub__(self, other: Totals) -> Totals:
        return Totals(*(a - b for a, b in zip(_values(self), _values(other), strict=True)))


class Manifest(msgspec.Struct, frozen=True):
    """What a generation holds. ``first`` and ``last`` are the times (µs) of its first and last event.

    ``layers`` from the lowest up, ``texts`` in the order of their codes; ``boot`` names the run of the
    machine in which layers that were not waited for were written.
    """

    format: int
    name: str
    seq: int
    currency: str
    boot: str
    layers: tuple[str, ...]
    texts: tuple[str, ...]
    products: str
    events: tuple[str, ...]
    properties: dict[str, PropertyKind]
    traits: dict[str, PropertyKind]
    totals: Totals
    first: int | None
    last: int | None
    names: EventNames = EventNames()
    # Columns of customers beside the timelines; never in the file.
    published: dict[str, PropertyKind] = {}

    @property
    def customer_count(self) -> int:
        return self.totals.customers

    @property
    def event_count(self) -> int:
        return self.totals.events

    @property
    def order_count(self) -> int:
        return self.totals.orders

    def meant_by(self, name: str) -> tuple[str, ...]:
        """The events, by their own names, that a name in a question means."""
        return self.names.meant_by(name, self.events)

    @property
    def shown_events(self) -> tuple[str, ...]:
        """The name that every event code is shown under."""
        return tuple(map(self.names.shown_as, self.events))

    @property
    def kinds(self) -> dict[str, PropertyKind]:
        """The kind of every column of properties and traits, by the name of the column."""
        return self.properties | {f"t_{name}": kind for name, kind in self.traits.items()}


def _values(totals: Totals) -> tuple[int, ...]:
    return tuple(getattr(totals, name) for name in Totals.__struct_fields__)


def new_name(kind: str) -> str:
    """A name no other layer, text file or generation has had, in order of time within a process."""
    return f"{kind}-{next(_NUMBERS):06d}-{secrets.token_hex(4)}"


def write_manifest(folder: Path, manifest: Manifest, *, file: str = CURRENT, durable: bool = False) -> None:
    """Make ``manifest`` the current generation (or, as ``SETTLED``, the one to come back to)."""
    content = msgspec.json.encode(manifest)
    if durable:
        write_durably(folder / file, content)
        return
    temporary = folder / f".{file}.{os.getpid()}-{next(_NUMBERS)}"
    temporary.write_bytes(content)
    temporary.chmod(0o600)
    temporary.replace(folder / file)


def read_manifest(folder: Path, file: str = CURRENT) -> Manifest | None:
    """The manifest in ``folder``; ``None`` when it is missing, damaged, of another version, or may be torn."""
    try:
        manifest = msgspec.json.decode((folder / file).read_bytes(), type=Manifest)
    except (msgspec.DecodeError, FileNotFoundError):
        return None
    return manifest if manifest.format == FORMAT and manifest.boot == this_boot() else None


@lru_cache(maxsize=1)
def this_boot() -> str:
    """Names this run of the machine: after another one, files that were never synced may be torn."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return "unknown"


def remove_unused(folder: Path, *manifests: Manifest | None) -> None:
    """Delete what no manifest names; processes that still map a file keep reading it."""
    used = {name for manifest in manifests if manifest is not None for name in _files(manifest)}
    for path in folder.iterdir():
        if path.name in used or path.name in (CURRENT, SETTLED) or path.name.startswith("."):
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _files(manifest: Manifest) -> tuple[str, ...]:
    return (*manifest.layers, *manifest.texts, manifest.products)
