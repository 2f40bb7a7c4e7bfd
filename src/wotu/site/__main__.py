"""``python -m wotu.site WORKSPACE HOST PORT``: the console as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.site.server import run_console


def main() -> None:
    """Serve the console of the workspace until stopped."""
    workspace, host, port = sys.argv[1:4]
    run_console(Path(workspace), host, int(port))


# The server starts its worker by importing this module again, under another name.
if __name__ == "__main__":
    main()
