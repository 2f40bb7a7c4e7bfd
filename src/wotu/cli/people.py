"""``wotu erase`` and ``wotu export``: what one person may ask for."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, messages, write_json
from wotu.core.layout import Layout

_IDENTIFIER = "c42, type:value or a bare value"


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    erase = add_verb(
        verbs, "erase", _erase, "Erase a person from every file of the workspace; nothing brings them back."
    )
    erase.add_argument("identifier", metavar="IDENTIFIER", help=_IDENTIFIER)
    erase.add_argument("--yes", action="store_true", help="do not ask")
    export = add_verb(verbs, "export", _export, "Write everything held about one person into a zip.")
    export.add_argument("identifier", metavar="IDENTIFIER", help=_IDENTIFIER)
    export.add_argument("file", metavar="FILE", nargs="?", help="a new file (default: their id and .zip, here)")


def _erase(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    profile = workspace.customer(options.identifier)
    if not options.yes and not _agreed(profile.customer_id, len(profile.identifiers), profile.events):
        raise SystemExit(1)
    history = workspace.identity_numbers(profile.customer_id)
    customer = workspace.erase(profile.customer_id, by="cli", progress=lambda words: messages().print(f"{words} …"))
    if _has_control(workspace.layout):
        _record(workspace.layout.root, "erase", customer)
        from wotu.accounts.forgetting import forget_customers
        from wotu.loyalty.customers.personal import forget

        forget(history)
        forget_customers()
    backups = sorted(str(path) for path in workspace.layout.backups.glob("*") if path.is_file())
    if wants_json(options):
        write_json({"erased": customer, "backups": backups})
        return
    console().print(f"{customer} is erased: no file of {workspace.path} holds the person any more.", soft_wrap=True)
    if backups:
        console().print(f"But for these backups, made before: {', '.join(backups)}. Delete them when you can.")


def _agreed(customer: str, identifiers: int, events: int) -> bool:
    sys.stderr.write(f"Erase {customer}, with {identifiers:,} identifiers and {events:,} events, for good? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _export(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    history = workspace.identity_numbers(options.identifier)
    target = Path(options.file or f"{history[0]}.zip").expanduser().resolve()
    audit: list[dict[str, Any]] = []
    value: dict[str, Any] = {}
    if _has_control(workspace.layout):
        connect(workspace.layout.root)
        from wotu.accounts.audit import about
        from wotu.loyalty.customers.personal import value_of

        audit, value = [asdict(entry) for entry in about(history)], value_of(history)
    customer = workspace.export(options.identifier, target, audit=audit, value=value)
    if _has_control(workspace.layout):
        _record(workspace.layout.root, "export", customer)
    if wants_json(options):
        write_json({"customer": customer, "file": str(target)})
    else:
        console().print(f"{target}: everything held about {customer}", soft_wrap=True)


def _has_control(layout: Layout) -> bool:
    from wotu.core.settings import read_settings

    return layout.control.exists() or bool(read_settings(layout.settings).database_url)


def _record(root: Path, action: str, customer: str) -> None:
    connect(root)
    from wotu.accounts.audit import record

    record(actor="cli", action=action, target=customer)
