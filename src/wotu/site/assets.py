"""Collects the static files once per change: hashed names, compressed copies."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from wotu.core.durable import write_durably
from wotu.site.static import used_files


def collect_static() -> bool:
    """Collect when any used file changed since the last time; whether it did."""
    files = used_files()
    mark = hashlib.sha256(repr(sorted((name, size) for name, _, size in files)).encode()).hexdigest()
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name("static.version")
    if stamp.exists() and stamp.read_text("ascii") == mark and (root / "staticfiles.json").exists():
        return False
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    files_storage: Any = staticfiles_storage
    collected = {}
    for name, opened, _ in files:
        with opened() as source:
            staticfiles_storage.save(name, source)
        collected[name] = (staticfiles_storage, name)
    for _original, _processed, outcome in files_storage.post_process(collected):
        if isinstance(outcome, Exception):
            raise outcome
    write_durably(stamp, mark.encode())
    return True
