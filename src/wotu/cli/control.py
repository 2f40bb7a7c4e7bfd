"""The control database for verbs that need it: Django is set up only then."""

from __future__ import annotations

import os
from pathlib import Path


def connect(workspace: Path) -> None:
    """Set Django up for ``workspace`` and bring its control database up to this version."""
    os.environ["WOTU_WORKSPACE"] = str(workspace)
    os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    database = workspace / "control.db"
    if database.exists():
        database.chmod(0o600)
