"""Takes the pictures of the README from a running console.

    wotu demo --no-serve && wotu serve &
    python scripts/screenshots.py "$(wotu user add pictures --json | python -c 'import json,sys; print(json.load(sys.stdin)["sign_in"])')"

The argument is a one-time sign-in link, which the script uses up; pictures go to ``docs/images``.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

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
    """Sign in with the link and take every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link", help="a one-time sign-in link")
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[1] / "docs" / "images")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=_QUIET)
        take(browser, options.link, options.to)
        browser.close()


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
