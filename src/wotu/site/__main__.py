"""``python -m wotu.site WORKSPACE HOST PORT [console]``: collector and console, or the console alone, as a process."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.site.server import run_site


def main() -> None:
    """Serve the workspace until stopped."""
    workspace, host, port, *only = sys.argv[1:]
    run_site(Path(workspace), host, int(port), collects=only != ["console"])


# The server starts its worker by importing this module again, under another name.
if __name__ == "__main__":
    main()
