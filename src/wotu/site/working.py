"""``python -m wotu.site.working WORKSPACE``: the worker of the outbox as a process."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.core.parent_process import end_with_parent


def main() -> None:
    """Work until stopped, or until the supervising process dies."""
    end_with_parent()
    workspace = Path(sys.argv[1]).resolve()
    from wotu.site.preparing import prepare_database

    prepare_database(workspace)
    from wotu.outbox.worker import run_worker

    run_worker(workspace)


if __name__ == "__main__":
    main()
