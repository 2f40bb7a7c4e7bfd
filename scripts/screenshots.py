"""Takes the pictures of the README from the demo's workspace into ``docs/images``.

    wotu demo --no-serve --workspace workspace
    python scripts/screenshots.py --workspace workspace

Serves the console itself for as long as it takes, and signs in as the user ``pictures``.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from wotu.site.server import prepare

_USER = "pictures"

_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# (file, address, language, theme, width, height)
_PICTURES = [
    ("home-zh", "/", "zh-hans", "light", 1440, 1020),
    ("home-en", "/", "en", "light", 1440, 1020),
    ("home-dark", "/?days=91", "en", "dark", 1440, 1020),
    ("value-zh", "/value/", "zh-hans", "light", 1440, 760),
    ("movement-en", "/value/movement/", "en", "light", 1440, 1040),
    ("customers-en", "/customers/", "en", "light", 1440, 860),
    ("customer-zh", "/customers/{customer}/", "zh-hans", "light", 1440, 900),
    ("home-phone", "/", "zh-hans", "light", 360, 780),
    ("customers-phone", "/customers/", "en", "dark", 360, 780),
]


def main() -> None:
    """Serve, sign in and take every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[1] / "docs" / "images")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{_free_port()}"
    token = _token(options.workspace)
    with _serving(options.workspace, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=_QUIET)
        take(browser, f"{address}/sign-in/once/{token}/", options.to)
        browser.close()


def _token(workspace: Path) -> str:
    prepare(workspace)
    from wotu.accounts import reads, services

    known = any(member.username == _USER for member in reads.team())
    return services.reset_user(_USER) if known else services.add_user(_USER, role="owner", display_name="demo")


@contextmanager
def _serving(workspace: Path, address: str) -> Iterator[None]:
    parts = urlsplit(address)
    arguments = [sys.executable, "-m", "wotu.site", str(workspace), str(parts.hostname), str(parts.port)]
    server = subprocess.Popen(arguments)
    try:
        while server.poll() is None:
            try:
                socket.create_connection((parts.hostname, parts.port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def take(browser: Browser, link: str, folder: Path) -> None:
    """All pictures, in one signed-in session."""
    parts = urlsplit(link)
    address = f"{parts.scheme}://{parts.netloc}"
    page = browser.new_page(device_scale_factor=1.5)
    page.goto(link)
    page.click("main button")
    page.goto(f"{address}/customers/")
    customer = page.locator("tbody th a").first.get_attribute("href") or ""
    for name, path, language, theme, width, height in _PICTURES:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])
        _dress(page, theme, width, height)
        page.goto(address + path.format(customer=customer.strip("/").rsplit("/", 1)[-1]), wait_until="networkidle")
        page.screenshot(path=folder / f"{name}.png")
        print(folder / f"{name}.png")


def _dress(page: Page, theme: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")


if __name__ == "__main__":
    main()
