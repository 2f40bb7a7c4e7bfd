"""Makes Django and the control database ready, in any process of an install; loads no server."""

from __future__ import annotations

import os
from pathlib import Path

from wotu.core.locks import file_lock


def setup(workspace: Path) -> None:
    """Configure Django for ``workspace``; once per process."""
    import django

    os.environ["WOTU_WORKSPACE"] = str(workspace.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
    django.setup()


def prepare_database(workspace: Path) -> None:
    """Configure Django and bring the control database up to this version; several processes may do it at once."""
    setup(workspace)
    from django.core.management import call_command

    with file_lock(prepare_lock(workspace)):
        call_command("migrate", interactive=False, verbosity=0)
    database = workspace / "control.db"
    if database.exists():
        database.chmod(0o600)


def prepare_lock(workspace: Path) -> Path:
    """Held while something is prepared that several processes prepare."""
    cache = workspace / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    return cache / "prepare.lock"
