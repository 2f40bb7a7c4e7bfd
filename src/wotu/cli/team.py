"""``wotu user``: people of the team."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, wants_json, workspace_folder
from wotu.cli.output import console, write_json, write_table
from wotu.core.errors import invalid_argument

_ROLES = ("owner", "marketer", "analyst", "viewer")


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    user = add_verb(verbs, "user", _user, "People of the team: add, list, new sign-in link, role, remove.")
    user.add_argument("action", choices=tuple(_ACTIONS))
    user.add_argument("name", metavar="NAME", nargs="?", help="the person; not with list")
    user.add_argument("--role", choices=_ROLES, help="the role of add (default owner) and role")
    user.add_argument("--address", default="http://127.0.0.1:8000", metavar="URL", help="where the console answers")


def sign_in_link(address: str, token: str) -> str:
    """Where a one-time sign-in token is used."""
    return f"{address.rstrip('/')}/sign-in/once/{token}/"


def _user(options: Namespace) -> None:
    common(options)
    if (options.action == "list") == (options.name is not None):
        raise invalid_argument("name", "wotu user list takes no name; every other action needs one.")
    if options.role is not None and options.action not in ("add", "role"):
        raise invalid_argument("role", f"--role has no meaning for wotu user {options.action}.")
    connect(workspace_folder(options))
    _ACTIONS[options.action](options)


def _add(options: Namespace) -> None:
    from wotu.accounts.services import add_user

    _link(options, add_user(options.name, role=options.role or "owner", by="cli"))


def _reset(options: Namespace) -> None:
    from wotu.accounts.services import reset_user

    _link(options, reset_user(options.name, by="cli"))


def _list(options: Namespace) -> None:
    from wotu.accounts.reads import team

    members = team()
    if wants_json(options):
        write_json({"users": [asdict(member) for member in members]})
    else:
        rows = [(each.username, each.role, each.active, each.last_login) for each in members]
        write_table("Team", ["name", "role", "active", "last sign-in"], rows, left=2)


def _role(options: Namespace) -> None:
    from wotu.accounts.services import change_role

    if options.role is None:
        raise invalid_argument("role", f"name the role: --role {'|'.join(_ROLES)}.")
    change_role(options.name, options.role, by="cli")
    _done(options, f"{options.name} is {options.role} now.", role=options.role)


def _remove(options: Namespace) -> None:
    from wotu.accounts.services import remove_user

    remove_user(options.name, by="cli")
    _done(options, f"{options.name} is off the team.")


def _link(options: Namespace, token: str) -> None:
    link = sign_in_link(options.address, token)
    if wants_json(options):
        write_json({"user": options.name, "sign_in": link})
    else:
        console().print(f"{options.name} signs in once, within 24 hours, at:\n{link}", soft_wrap=True)


def _done(options: Namespace, words: str, **facts: str) -> None:
    if wants_json(options):
        write_json({"user": options.name, **facts})
    else:
        console().print(words)


_ACTIONS = {"add": _add, "list": _list, "reset": _reset, "role": _role, "remove": _remove}
