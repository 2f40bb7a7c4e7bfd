"""Wotu (沃土): the operating system with which a company grows the customers it already has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wotu.timeline.executors import Executor
    from wotu.workspace import Workspace

__version__ = "0.1.0"


def open(path: str | Path = "workspace", *, executor: Executor | None = None) -> Workspace:  # noqa: A001 - the public name
    """The workspace in folder ``path``, made on first use; safe to open from several processes.

    ``executor`` says where questions run; the default uses all cores of this machine.
    """
    from wotu.workspace import Workspace

    return Workspace.open(path, executor=executor)
