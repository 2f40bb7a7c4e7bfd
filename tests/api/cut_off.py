"""A program whose write is cut off before it is answered, in a process that a test kills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wotu.site.preparing import setup


def make_key(workspace: Path) -> None:
    """An owner's key."""
    setup(workspace)
    from wotu.accounts.key_services import create_key

    print(create_key(kind="api", role="owner").text)


def post(workspace: Path, key: str, address: str, body: Any) -> None:
    """Write with an Idempotency-Key, always the same; tell status and answer."""
    setup(workspace)
    from tests.api.conftest import Api

    response = Api(key)("POST", address, body, idempotency_key="a")
    print(response.status_code, response.content.decode())


def count_keys(workspace: Path, kind: str) -> None:
    """How many keys of a kind there are."""
    setup(workspace)
    from wotu.accounts.reads import known_keys

    print(sum(key.kind == kind for key in known_keys()))
