"""Compiles every kernel and keeps it on disk: processes that start at once would each compile all of them."""

from importlib import import_module
from pathlib import Path

import wotu

SOURCE = Path(wotu.__file__).parent

if __name__ == "__main__":
    for path in sorted(SOURCE.rglob("*.py")):
        if "from numba import njit" in path.read_text("utf-8"):
            import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
