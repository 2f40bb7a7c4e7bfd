"""The site's secret: made once per workspace, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key(workspace: Path) -> str:
    """The key of ``workspace``, made on first use; when two processes make one, both use the first."""
    path = workspace / "secret.key"
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    workspace.mkdir(parents=True, exist_ok=True)
    temporary = workspace / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(descriptor)
        # A link fails where the name exists, so a key in use is never replaced.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    return path.read_text("ascii").strip()
