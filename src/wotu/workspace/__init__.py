"""One folder, one object: wires the rooms together, one method per question."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wotu.workspace.workspace import Workspace

__all__ = ["Workspace"]


def __getattr__(name: str) -> type[Workspace]:
    """``Workspace``, once somebody asks for it: who looks at the condition of an install needs no data plane."""
    if name == "Workspace":
        from wotu.workspace.workspace import Workspace

        return Workspace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
