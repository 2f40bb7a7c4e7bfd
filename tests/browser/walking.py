"""What tests in a browser share: the browser itself, who signs in, and a witness of what a page complains about."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_ADD_USER = """
import sys
from pathlib import Path
from wotu.site.server import prepare
prepare(Path(sys.argv[1]))
from wotu.accounts.services import add_user
print(add_user(sys.argv[2], role="owner"))
"""
# htmx writes an error when a newer choice of the reader ends an older request; a failed one says htmx:sendError too.
SUPERSEDED = ("htmx:afterRequest", "htmx:sendAbort")

IN_A_BROWSER = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs the chromium package"),
]


def sign_in_token(folder: Path, name: str) -> str:
    """What an owner of that name signs in with, once."""
    done = subprocess.run([sys.executable, "-c", _ADD_USER, str(folder), name], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


class Witness:
    """What a page complained about, and whom it called."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._called(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(SUPERSEDED):
            self.complaints.append(text)

    def _called(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob"):
            self.hosts.add(urlsplit(url).netloc)
