"""Which events somebody follows: a small file that says so, by which the settler commits these sooner."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from wotu.core.durable import write_durably

ALL = "*"


def write_followed(path: Path, events: Iterable[str]) -> None:
    """Say that ``events`` are followed; ``ALL`` means every event."""
    content = msgspec.json.encode(sorted(set(events)))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        write_durably(path, content)


class FollowedEvents:
    """The file as it is now; it is read again when it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = -1
        self._events: frozenset[str] = frozenset()

    def any_of(self, events: Iterable[str | None]) -> bool:
        """Whether one of ``events`` (``None``: of a message that has none) is followed."""
        known = self._known()
        return ALL in known or not known.isdisjoint(events)

    def _known(self) -> frozenset[str]:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._read:
                self._events = frozenset(msgspec.json.decode(self._path.read_bytes(), type=list[str]))
                self._read = changed
        except (OSError, msgspec.DecodeError):
            return frozenset()
        return self._events
