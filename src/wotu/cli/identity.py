"""``wotu merge``, ``wotu split``, ``wotu history``: who is who, decided by people."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json, write_table

_IDENTIFIER = "type:value or a bare value"
_BY = "cli"


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    merge = add_verb(verbs, "merge", _merge, "Make two customers one; prints the id of the older, which survives.")
    merge.add_argument("a", metavar="A", help=f"c42, {_IDENTIFIER}")
    merge.add_argument("b", metavar="B", help="the other customer")
    _add_reason(merge)
    split = add_verb(verbs, "split", _split, "Take one identifier off its customer; prints the id it now has.")
    split.add_argument("identifier", metavar="IDENTIFIER", help=_IDENTIFIER)
    split.add_argument("--namespace", metavar="NAME", help="of a user id that several namespaces have")
    _add_reason(split)
    history = add_verb(verbs, "history", _history, "How a customer came to be: identifiers, joins, merges, splits.")
    history.add_argument("identifier", metavar="IDENTIFIER", help=f"c42, {_IDENTIFIER}")


def _add_reason(verb: ArgumentParser) -> None:
    verb.add_argument("--reason", metavar="TEXT", help="why, for the history")


def _merge(options: Namespace) -> None:
    common(options)
    customer = open_workspace(options).merge(options.a, options.b, by=_BY, reason=options.reason)
    _write(options, customer, f"{options.a} and {options.b} are one customer now: {customer}")


def _split(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    customer = workspace.split(options.identifier, namespace=options.namespace, by=_BY, reason=options.reason)
    _write(options, customer, f"{options.identifier} is a customer of its own now: {customer}")


def _write(options: Namespace, customer: str, told: str) -> None:
    if wants_json(options):
        write_json({"customer": customer})
    else:
        console().print(told, markup=False)


def _history(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    events = workspace.identity_history(options.identifier)
    if wants_json(options):
        write_json({"customer": workspace.customer(options.identifier).customer_id, "events": [*map(asdict, events)]})
        return
    rows = [
        (
            event.time,
            event.what,
            " + ".join(f"{one.type}:{one.value}" for one in event.identifiers),
            event.by or event.source,
            event.reason or event.message_id,
        )
        for event in events
    ]
    write_table("History", ["when", "what", "identifiers", "by", "reason or message"], rows, left=5)
