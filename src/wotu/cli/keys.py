"""``wotu keys``: keys of the programs that send messages or call the API."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, wants_json, workspace_folder
from wotu.cli.output import console, messages, write_json, write_table
from wotu.core.durations import parse_duration
from wotu.core.errors import invalid_argument

if TYPE_CHECKING:
    from wotu.accounts.key_services import NewKey

_OF_CREATE = ("kind", "name", "namespace", "role", "rate")


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    keys = add_verb(verbs, "keys", _keys, "Keys for sending messages and for the API: create, list, rotate, revoke.")
    keys.add_argument("action", choices=tuple(_ACTIONS))
    keys.add_argument("id", metavar="ID", nargs="?", help="a key such as k7, for rotate and revoke")
    keys.add_argument("--kind", choices=("write", "api"), help="what a new key opens")
    keys.add_argument("--name", metavar="NAME", help="of a write key the source of its messages (default web)")
    keys.add_argument("--namespace", metavar="NS", help="whose user ids a write key sends (default default)")
    keys.add_argument("--role", choices=("owner", "marketer", "analyst", "viewer"), help="of an API key (analyst)")
    keys.add_argument("--rate", type=int, metavar="N", help="messages a second a write key may send")
    keys.add_argument("--overlap", metavar="24h", help="how long a rotated key still works; 0 ends it at once")


def _keys(options: Namespace) -> None:
    common(options)
    if (options.action in ("rotate", "revoke")) != (options.id is not None):
        raise invalid_argument("id", "rotate and revoke need the id of a key, such as k7; create and list take none.")
    allowed = {"create": _OF_CREATE, "rotate": ("overlap",)}.get(options.action, ())
    for name in (*_OF_CREATE, "overlap"):
        if getattr(options, name) is not None and name not in allowed:
            raise invalid_argument(name, f"--{name} has no meaning for wotu keys {options.action}.")
    if options.action == "create":
        _check_kind(options)
    connect(workspace_folder(options))
    _ACTIONS[options.action](options)


def _check_kind(options: Namespace) -> None:
    if options.kind is None:
        raise invalid_argument("kind", "name what the key opens: --kind write|api.")
    of_the_other_kind = ("role",) if options.kind == "write" else ("namespace", "rate")
    for name in of_the_other_kind:
        if getattr(options, name) is not None:
            raise invalid_argument(name, f"--{name} has no meaning for a key of kind {options.kind}.")


def _create(options: Namespace) -> None:
    from wotu.accounts.key_services import create_key

    made = create_key(
        kind=options.kind, name=options.name or "", namespace=options.namespace or "default",
        role=options.role or "analyst", messages_per_second=options.rate, by="cli",
    )  # fmt: skip
    _told(options, made)


def _rotate(options: Namespace) -> None:
    from datetime import timedelta

    from wotu.accounts.key_services import OVERLAP, rotate_key

    overlap = OVERLAP
    if options.overlap is not None:
        micros = 0 if options.overlap == "0" else parse_duration(options.overlap, field="overlap")
        overlap = timedelta(microseconds=micros)
    _told(options, rotate_key(options.id, overlap=overlap, by="cli"))


def _revoke(options: Namespace) -> None:
    from wotu.accounts.key_services import revoke_key

    revoke_key(options.id, by="cli")
    if wants_json(options):
        write_json({"id": options.id})
    else:
        console().print(f"{options.id} does not work any more.")


def _list(options: Namespace) -> None:
    from wotu.accounts.reads import known_keys

    known = known_keys()
    if wants_json(options):
        write_json({"keys": [asdict(key) for key in known]})
        return
    rows = [
        (key.id, key.kind, key.name, key.namespace or key.role, key.state, key.created_at, key.last_used_at)
        for key in known
    ]
    write_table("Keys", ["id", "kind", "name", "namespace or role", "state", "made", "last used"], rows, left=5)


def _told(options: Namespace, made: NewKey) -> None:
    if wants_json(options):
        write_json({"key": made.text, "id": made.id})
    else:
        console().print(made.text, markup=False, soft_wrap=True)
        messages().print(f"This is {made.id}. It is shown only now; keep it where the program reads its secrets.")


_ACTIONS = {"create": _create, "list": _list, "rotate": _rotate, "revoke": _revoke}
