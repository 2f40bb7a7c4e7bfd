"""``keys.json``: the keys in force, for the collector, which knows neither Django nor the control database.

``{"version": 1, "keys": [{"id", "sha256", "kind", "source", "namespace", "messages_per_second", "expires"}]}``;
``expires`` is in seconds since 1970, or null. The file is replaced whole and readable by its owner only.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wotu.accounts.models import Key
from wotu.accounts.reads import in_force
from wotu.core.durable import write_durably
from wotu.core.layout import Layout
from wotu.core.locks import file_lock

VERSION = 1


def write_keys(workspace: Path) -> None:
    """Write the keys that are in force now."""
    cache = workspace / "cache"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Whoever gets the lock last has read last: an older picture never replaces a newer one.
    with file_lock(cache / "keys.lock"):
        content = msgspec.json.encode({"version": VERSION, "keys": _keys(timezone.now())})
        write_durably(Layout(workspace).keys, content + b"\n", mode=0o600)


def write_keys_on_commit() -> None:
    """Write the keys once the change of this transaction is there for everybody."""
    transaction.on_commit(lambda: write_keys(Path(settings.WOTU_WORKSPACE)))


def _keys(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": f"k{key.pk}",
            "sha256": key.sha256,
            "kind": key.kind,
            "source": key.name,
            "namespace": key.namespace,
            "messages_per_second": key.messages_per_second,
            "expires": None if key.expires_at is None else int(key.expires_at.timestamp()),
        }
        for key in Key.objects.filter(in_force(now)).order_by("pk")
    ]
