"""One folder, one object: wires the rooms together, one method per question."""

from wotu.workspace.workspace import Workspace

__all__ = ["Workspace"]
