"""Sets Django up for tests on a throw-away workspace, unless the whole run has one already."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def configure() -> None:
    """Point the site at a workspace of its own and load Django; more calls change nothing."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="wotu-console-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        (folder / "wotu.toml").write_text(
            'timezone = "America/New_York"\ncurrency = "USD"\nquestions_until = "data"\nname = "Demo"\n'
        )
        os.environ["WOTU_WORKSPACE"] = str(folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
    import django
    from django.apps import apps
    from django.contrib.auth.hashers import Argon2PasswordHasher

    if not apps.ready:
        django.setup()
    # The real cost of a hash is a tenth of a second, several times a test.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 8
    Argon2PasswordHasher.parallelism = 1
