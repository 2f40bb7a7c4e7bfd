"""The description of the API in a real browser: it renders, is tried, and nothing leaves this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect
from tests.browser.test_walk import address, folder, pytestmark  # noqa: F401
from tests.browser.walking import Witness, sign_in_token


def test_the_description_is_read_and_tried_offline(browser: Browser, address: str, folder: object) -> None:  # noqa: F811
    page = browser.new_context().new_page()
    witness = Witness(page)
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'reader')}/")  # type: ignore[arg-type]
    page.click("main button")
    page.wait_for_url("**/account/password/")
    page.goto(f"{address}/api/v1/docs")
    expect(page.locator(".info .title")).to_contain_text("Wotu", timeout=30_000)
    paths = page.request.get(f"{address}/api/v1/openapi.json").json()["paths"]
    expect(page.locator(".opblock")).to_have_count(sum(map(len, paths.values())), timeout=30_000)

    block = page.locator("#operations-Administration-get_state")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table tr.response .response-col_status")).to_contain_text("200")

    assert witness.complaints == []
    assert witness.hosts == {urlsplit(address).netloc}
