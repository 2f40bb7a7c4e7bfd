"""What an examination of a workspace found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at; a ``problem`` needs somebody, a ``note`` is good to know."""

    level: Level
    what: str
    detail: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)
