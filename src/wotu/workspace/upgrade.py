"""Brings a workspace that an older Wotu wrote up to the format of this one.

Every step leads from one format to the next and may be run again after a crash: the format is written
only when a step is done. Before the first step everything is backed up into ``backups/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wotu.core.crash_points import crash_point
from wotu.core.durable import write_durably
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import FORMAT, Layout
from wotu.core.locks import file_lock
from wotu.core.processes import serving
from wotu.workspace.backup import back_up

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """How a workspace of one format becomes one of the next; ``what`` says it in words."""

    what: str
    run: Callable[[Layout], None]


# By the format a step starts from. Format 1 is the first there is.
STEPS: Mapping[int, Step] = {}


@dataclass(frozen=True)
class Upgrade:
    """The way of a workspace: its format before, its format after, the steps between, the backup made first."""

    found: int
    wanted: int
    steps: tuple[str, ...]
    backup: Path | None = None


def plan(layout: Layout, *, steps: Mapping[int, Step] = STEPS, wanted: int = FORMAT) -> Upgrade:
    """What an upgrade would do; changes nothing."""
    if not layout.format.exists():
        raise invalid_argument("workspace", f"{layout.root} is no workspace.")
    found = layout.found_format()
    if found > wanted:
        message = f"{layout.root} has format {found}, this Wotu reads {wanted}; update Wotu first."
        raise WotuError(ErrorCode.NEWER_WORKSPACE, message)
    missing = [number for number in range(found, wanted) if number not in steps]
    if missing:
        message = f"no way leads from format {missing[0]} to {wanted}; upgrade with an older Wotu first."
        raise WotuError(ErrorCode.OLDER_WORKSPACE, message)
    return Upgrade(found, wanted, tuple(steps[number].what for number in range(found, wanted)))


def upgrade(
    layout: Layout, *, now: datetime, version: str, steps: Mapping[int, Step] = STEPS, wanted: int = FORMAT,
    with_database: bool = True, progress: Progress = lambda _: None,
) -> Upgrade:  # fmt: skip
    """Run the steps that are left, after a backup, with nobody else at work in the workspace."""
    planned = plan(layout, steps=steps, wanted=wanted)
    if not planned.steps:
        return planned
    with file_lock(layout.settler_lock, wait=False) as alone:
        if not alone or serving(layout.root) is not None:
            message = "the workspace is in use: stop the server with wotu stop, then upgrade."
            raise WotuError(ErrorCode.WORKSPACE_IN_USE, message)
        backup = layout.backups / f"before-format-{wanted}-{now:%Y%m%dT%H%M%S}.tar.zst"
        layout.backups.mkdir(mode=0o700, exist_ok=True)
        back_up(layout, backup, now=now, version=version, with_database=with_database, progress=progress)
        for number in range(planned.found, wanted):
            progress(steps[number].what)
            steps[number].run(layout)
            crash_point("upgrade:stepped")
            write_durably(layout.format, f"{number + 1}\n".encode())
    return Upgrade(planned.found, wanted, planned.steps, backup)
