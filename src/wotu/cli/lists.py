"""``wotu lists``: customers under a name, for ``--audience`` and filters."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json, write_table
from wotu.core.errors import invalid_argument


def add_verbs(verbs: Any) -> None:
    """Add the verb of this file."""
    verb = add_verb(verbs, "lists", _run, "Customers under a name: show, save, delete.")
    verb.add_argument("action", nargs="?", choices=("show", "save", "delete"), default="show")
    verb.add_argument("name", nargs="?", metavar="NAME", help="the list to save or delete")
    verb.add_argument("--ids", metavar="FILE", help="save the customers of this file, a Wotu id a line (-: input)")
    verb.add_argument("--description", default="", metavar="TEXT", help="what the list is for")


def _run(options: Namespace) -> None:
    given = common(options, "where")
    if options.action != "show" and not options.name:
        raise invalid_argument("name", f"wotu lists {options.action} needs the NAME of a list.")
    if options.action == "save":
        _save(options, given.get("where"))
        return
    if given or options.ids:
        raise invalid_argument("where", "--where and --ids say who is to be on a list: wotu lists save NAME --where …")
    {"show": _show, "delete": _delete}[options.action](options)


def _show(options: Namespace) -> None:
    found = [each for each in open_workspace(options).lists() if options.name in (None, each.name)]
    if wants_json(options):
        write_json({"lists": [each.to_dict() for each in found]})
        return
    if not found:
        console().print("No list of that name." if options.name else "No list has been saved yet.")
        return
    rows = [(each.name, each.customers, each.saved[:16].replace("T", " "), each.description) for each in found]
    write_table(f"Lists ({len(found):,})", ["list", "customers", "saved", "description"], rows, prose=True)


def _save(options: Namespace, where: str | None) -> None:
    if (options.ids is None) == (where is None):
        raise invalid_argument("ids", "Say who is to be on the list with --where or --ids, one of them.")
    workspace = open_workspace(options)
    if where is not None:
        from wotu.workspace.lists import matching

        ids = matching(workspace.source(), where)
    else:
        ids = _read(options.ids)
    saved = workspace.save_list(options.name, ids, description=options.description)
    if wants_json(options):
        write_json(saved.to_dict())
    else:
        console().print(f"{saved.customers:,} customers are on the list {saved.name}.", markup=False)


def _delete(options: Namespace) -> None:
    open_workspace(options).delete_list(options.name)
    if wants_json(options):
        write_json({"deleted": options.name.strip()})
    else:
        console().print(f"The list {options.name.strip()} is gone; its customers stay.", markup=False)


def _read(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise invalid_argument("ids", f"--ids {file} cannot be read: {error}.") from error
    return text.split()
