"""``python -m wotu.collect.http WORKSPACE HOST PORT``: the collector as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.collect.http.serving import run_collector


def main() -> None:
    """Serve the collector of the workspace until stopped."""
    workspace, host, port = sys.argv[1:4]
    run_collector(Path(workspace), host, int(port))


# The server starts its worker by importing this module again, under another name.
if __name__ == "__main__":
    main()
