"""``wotu user``: people of the team."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    user = add_verb(verbs, "user", _user, "Add a person of the team, or give one a new sign-in link.")
    user.add_argument("action", choices=("add", "reset"))
    user.add_argument("name", metavar="NAME")
    user.add_argument("--role", default="owner", choices=("owner", "marketer", "analyst", "viewer"))
    user.add_argument("--address", default="http://127.0.0.1:8000", metavar="URL", help="where the console answers")


def sign_in_link(address: str, token: str) -> str:
    """Where a one-time sign-in token is used."""
    return f"{address.rstrip('/')}/sign-in/once/{token}/"


def _user(options: Namespace) -> None:
    common(options)
    connect(open_workspace(options).path)
    from wotu.accounts.services import add_user, reset_user

    add = options.action == "add"
    token = add_user(options.name, role=options.role) if add else reset_user(options.name)
    link = sign_in_link(options.address, token)
    if wants_json(options):
        write_json({"user": options.name, "sign_in": link})
    else:
        console().print(f"{options.name} signs in once, within 24 hours, at:\n{link}", soft_wrap=True)
