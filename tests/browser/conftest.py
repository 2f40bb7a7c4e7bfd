from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.walking import CHROMIUM, QUIET


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests that need one."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
