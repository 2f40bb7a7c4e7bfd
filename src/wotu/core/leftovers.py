"""Files that killed processes left half written: nobody reads them, and they may hold anything."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

# Every name of a file being written ends in, or begins with a time and then, the number of its process.
_NAMES = (re.compile(r"\..+\.(\d+)(?:-\d+)?(?:\.tmp)?"), re.compile(r"\.\d{20}-(\d+)(?:\.open)?"))
# Another process may have the number by now.
_SURELY_SECONDS = 3600.0


def remove_leftovers(root: Path) -> list[Path]:
    """Delete what dead processes were writing below ``root``; what was deleted."""
    removed = [path for path in root.rglob(".*") if _is_left(path)]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return removed


def _is_left(path: Path) -> bool:
    numbers = [match[1] for pattern in _NAMES if (match := pattern.fullmatch(path.name))]
    if not numbers:
        return False
    try:
        return not _runs(int(numbers[0])) or path.stat().st_mtime < time.time() - _SURELY_SECONDS
    except FileNotFoundError:
        return False


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
