"""``wotu backup``, ``restore``, ``verify``, ``upgrade`` and ``stop``: the life of an install."""

from __future__ import annotations

import os
import signal
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wotu import __version__
from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, wants_json, workspace_path
from wotu.cli.output import console, messages, write_json
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.core.processes import is_running, serving

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "problem": "[red]✗[/]"}
_POLL_SECONDS = 0.1


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    backup = add_verb(verbs, "backup", _backup, "Write everything that cannot be made again into one file.")
    backup.add_argument("file", metavar="FILE", help="a new file, .tar.zst, .tar.gz or .tar")
    backup.add_argument("--without-database", action="store_true", help="leave out the people of the team")
    restore = add_verb(verbs, "restore", _restore, "Make a new workspace from a backup.")
    restore.add_argument("file", metavar="FILE", help="what wotu backup wrote")
    restore.add_argument("--erased", metavar="LIST", help="the latest erased.json, so that nobody comes back")
    add_verb(verbs, "verify", _verify, "Read every file of the workspace and say which are damaged.")
    upgrade = add_verb(verbs, "upgrade", _upgrade, "Bring the workspace of an older Wotu up to this one.")
    upgrade.add_argument("--check", action="store_true", help="say what would be done; change nothing")
    upgrade.add_argument("--without-database", action="store_true", help="leave the database out of the backup")
    stop = add_verb(verbs, "stop", _stop, "Stop the server of this workspace once what it took in is settled.")
    stop.add_argument("--wait", type=float, default=60.0, metavar="S", help="seconds to wait for its end (60)")


def _layout(options: Namespace) -> Layout:
    common(options)
    return Layout(Path(workspace_path(options)).expanduser().resolve())


def _existing(options: Namespace) -> Layout:
    layout = _layout(options)
    if not layout.format.exists():
        raise invalid_argument("workspace", f"{layout.root} is no workspace; name one with --workspace.")
    return layout


def _say(words: str) -> None:
    messages().print(f"{words} …", style="dim")


def _backup(options: Namespace) -> None:
    from wotu.workspace.backup import back_up

    layout = _existing(options)
    layout.check_format()
    target = Path(options.file).expanduser().resolve()
    done = back_up(
        layout, target, now=datetime.now(UTC), version=__version__, with_database=not options.without_database,
        progress=_say,
    )  # fmt: skip
    size = target.stat().st_size
    if wants_json(options):
        told = {"file": str(target), "bytes": size, "files": done.files, "last_seq": done.last_seq}
        write_json({**told, "database": done.control})
        return
    console().print(
        f"{target}: {size / 1e6:,.1f} MB, {done.files:,} files, up to row {done.last_seq:,}; database: {done.control}"
    )


def _restore(options: Namespace) -> None:
    from wotu.workspace import Workspace
    from wotu.workspace.restore import restore

    layout = _layout(options)
    _say("restoring")
    erased = Path(options.erased).expanduser() if options.erased else None
    done = restore(Path(options.file).expanduser(), layout.root, erased=erased)
    counted: dict[str, int] = {}
    if done.manifest.format == layout.found_format() and _is_current(layout):
        _say("making timelines again")
        workspace = Workspace.open(layout.root)
        workspace.generation()
        workspace.finish_erasing(_say)
        manifest = workspace.generation().manifest
        counted = {"customers": manifest.customer_count, "events": manifest.event_count}
    if wants_json(options):
        dump = str(done.database_dump) if done.database_dump else None
        write_json({"workspace": str(layout.root), "made": done.manifest.made, **counted, "database_dump": dump})
        return
    words = ", ".join(f"{number:,} {name}" for name, number in counted.items()) or "run wotu upgrade next"
    console().print(f"{layout.root}: as of {done.manifest.made}; {words}")
    if done.database_dump:
        console().print(
            "The people of the team were in PostgreSQL. Set database_url to an empty database, then run:\n"
            f"pg_restore --no-owner --dbname=postgresql://USER@HOST/DATABASE {done.database_dump}",
            soft_wrap=True,
        )


def _is_current(layout: Layout) -> bool:
    try:
        layout.check_format()
    except WotuError:
        return False
    return True


def _verify(options: Namespace) -> None:
    from wotu.workspace.verification import verify

    findings = verify(_existing(options), _say)
    whole = all(finding.level != "problem" for finding in findings)
    if wants_json(options):
        write_json({"whole": whole, "findings": [finding.to_dict() for finding in findings]})
    else:
        for finding in findings:
            console().print(f"{_MARKS[finding.level]} {finding.what}: {finding.detail}", highlight=False)
    if not whole:
        raise SystemExit(1)


def _upgrade(options: Namespace) -> None:
    from wotu.workspace.upgrade import plan, upgrade

    layout = _existing(options)
    if options.check:
        done = plan(layout)
    else:
        done = upgrade(
            layout, now=datetime.now(UTC), version=__version__, with_database=not options.without_database,
            progress=_say,
        )  # fmt: skip
        # Tables of the control database, then what is derived from the lake.
        connect(layout.root)
        from wotu.workspace import Workspace

        Workspace.open(layout.root).generation()
    if wants_json(options):
        backup = str(done.backup) if done.backup else None
        write_json({"from": done.found, "to": done.wanted, "steps": list(done.steps), "backup": backup})
        return
    if not done.steps:
        console().print(f"format {done.found} is the one this Wotu works with; nothing to do")
        return
    for what in done.steps:
        console().print(f"{'would do' if options.check else 'done'}: {what}")
    if done.backup:
        console().print(f"backup: {done.backup}")


def _stop(options: Namespace) -> None:
    layout = _existing(options)
    process = serving(layout.root)
    if process is not None:
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + options.wait
        while is_running(process):
            if time.monotonic() > deadline:
                message = f"process {process.pid} is still settling after {options.wait:.0f} seconds; ask again later."
                raise WotuError(ErrorCode.WORKSPACE_IN_USE, message)
            time.sleep(_POLL_SECONDS)
    if wants_json(options):
        write_json({"stopped": process.pid if process else None})
    else:
        console().print(f"stopped process {process.pid}" if process else f"nothing serves {layout.root}")
