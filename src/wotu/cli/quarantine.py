"""``wotu quarantine``: rows that could not be understood; look at them, retry them, discard them."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json, write_table
from wotu.core.errors import invalid_argument

if TYPE_CHECKING:
    from wotu.workspace.quarantine_actions import Choice

_SHOWN = 50


def add_verbs(verbs: Any) -> None:
    """Add the verb of this file."""
    verb = add_verb(verbs, "quarantine", _run, "Rows that could not be understood: list, retry, discard.")
    verb.add_argument("action", choices=("list", "retry", "discard"))
    verb.add_argument("--id", action="append", metavar="ID", help="one row; may stand several times")
    verb.add_argument("--source", metavar="NAME", help="rows of this source")
    verb.add_argument("--field", metavar="NAME", help="rows with a problem in this field")
    verb.add_argument("--reason", metavar="TEXT", help="rows with this reason")
    verb.add_argument("--all", action="store_true", help="discard every row")


def _run(options: Namespace) -> None:
    common(options)
    {"list": _list, "retry": _retry, "discard": _discard}[options.action](options)


def _chosen(options: Namespace) -> Choice:
    from wotu.workspace.quarantine_actions import Choice

    return Choice(options.id, options.source, options.reason, options.field)


def _list(options: Namespace) -> None:
    rows = open_workspace(options).quarantine.rows(_chosen(options))
    if wants_json(options):
        names = ("id", "received", "source", "file", "line", "field", "reason", "content")
        write_json({"rows": [{name: getattr(row, name) for name in names} for row in rows]})
        return
    if not rows:
        console().print("Nothing is in quarantine.")
        return
    groups = Counter((row.source, row.field or "", row.reason) for row in rows)
    counted = [(count, *group) for group, count in groups.most_common()]
    write_table(f"In quarantine ({len(rows):,})", ["rows", "source", "field", "reason"], counted, left=4)
    shown = [(row.id, row.received, row.source, row.file or "", row.line or "", row.reason) for row in rows[-_SHOWN:]]
    write_table("\nNewest", ["id", "received", "source", "file", "line", "reason"], shown, left=6)


def _retry(options: Namespace) -> None:
    workspace = open_workspace(options)
    told = workspace.quarantine.retry(_chosen(options))
    _record(workspace.path, "retry_quarantine", options, told)
    if wants_json(options):
        write_json(told)
        return
    console().print(
        f"{told['accepted']:,} messages accepted, {told['duplicates']:,} seen before, "
        f"{told['left']:,} rows stay in quarantine."
    )


def _discard(options: Namespace) -> None:
    chosen = _chosen(options)
    if not (options.all or options.id or options.source or options.field or options.reason):
        raise invalid_argument("all", "Say which rows with --id, --source, --field or --reason; or --all.")
    workspace = open_workspace(options)
    discarded = workspace.quarantine.discard(chosen)
    _record(workspace.path, "discard_quarantine", options, {"rows": discarded})
    if wants_json(options):
        write_json({"discarded": discarded})
    else:
        console().print(f"{discarded:,} rows discarded.")


def _record(workspace: Path, action: str, options: Namespace, told: dict[str, int]) -> None:
    from wotu.cli.control import connect

    connect(workspace)
    from wotu.accounts.audit import record

    detail = {"field": options.field} if options.field else {}
    record(actor="cli", action=action, target=options.source or "", detail={**detail, **told})
