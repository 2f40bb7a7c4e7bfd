"""``wotu quarantine``: rows that could not be understood; look at them, retry them, discard them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from typing import TYPE_CHECKING, Any

from wotu.cli.options import add_common, add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json, write_table
from wotu.core.errors import invalid_argument

if TYPE_CHECKING:
    from wotu.workspace.quarantine_actions import Choice

_SHOWN = 50


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    quarantine = add_verb(verbs, "quarantine", _list, "Rows that could not be understood: list, retry, discard.")
    actions = quarantine.add_subparsers(title="what to do", metavar="ACTION", required=True)
    _choosing(_action(actions, "list", _list, "The rows with their reasons, counted by source, field and reason."))
    _choosing(_action(actions, "retry", _retry, "Read messages again; those that can be used now are collected."))
    discard = _action(actions, "discard", _discard, "Delete rows for good; says which with an option, or --all.")
    _choosing(discard)
    discard.add_argument("--all", action="store_true", help="every row in quarantine")


def _action(actions: Any, name: str, run: Any, summary: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=summary, description=summary)
    add_common(parser)
    parser.set_defaults(run=run)
    return parser


def _choosing(parser: ArgumentParser) -> None:
    parser.add_argument("--id", action="append", metavar="ID", help="one row; may stand several times")
    parser.add_argument("--source", metavar="NAME", help="rows of this source")
    parser.add_argument("--field", metavar="NAME", help="rows with a problem in this field")
    parser.add_argument("--reason", metavar="TEXT", help="rows with exactly this reason")


def _chosen(options: Namespace) -> Choice:
    from wotu.workspace.quarantine_actions import Choice

    return Choice(options.id, options.source, options.reason, options.field)


def _list(options: Namespace) -> None:
    common(options)
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
    common(options)
    told = open_workspace(options).quarantine.retry(_chosen(options))
    if wants_json(options):
        write_json(told)
        return
    console().print(
        f"{told['accepted']:,} messages accepted, {told['duplicates']:,} seen before, "
        f"{told['left']:,} rows stay in quarantine."
    )


def _discard(options: Namespace) -> None:
    common(options)
    chosen = _chosen(options)
    if not (options.all or options.id or options.source or options.field or options.reason):
        raise invalid_argument("all", "Say which rows with --id, --source, --field or --reason; or --all.")
    discarded = open_workspace(options).quarantine.discard(chosen)
    if wants_json(options):
        write_json({"discarded": discarded})
    else:
        console().print(f"{discarded:,} rows discarded.")
