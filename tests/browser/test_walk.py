"""A person walks the console in a real browser, in both languages: nothing fails and nothing leaves this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.walking import IN_A_BROWSER, Witness, sign_in_token
from tests.console import real
from tests.console.ports import free_port
from tests.console.test_server import _answers

PAGES = ("/", "/?days=365", "/customers/", "/customers/?state=dormant&days=91",
         "/customers/u3/", "/value/", "/value/?split=score", "/value/movement/",
         "/search/?q=u3", "/account/", "/account/password/", "/settings/", "/settings/team/", "/settings/keys/",
         "/settings/audit/", "/settings/webhooks/", "/loyalty/campaigns/",
         "/loyalty/campaigns/new/", "/loyalty/campaigns/new/?from=threshold",
         "/loyalty/members/?who=u3", "/loyalty/coupons/?q=none", "/loyalty/calendar/", "/loyalty/points/",
         "/loyalty/plans/", "/loyalty/plans/new/",
         "/loyalty/points/write/", "/loyalty/lotteries/", "/loyalty/lotteries/new/",
         "/loyalty/lotteries/new/?from=wheel", "/ledger/")  # fmt: skip

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walk") / "workspace"
    real.make(folder)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "wotu.site", str(folder), "127.0.0.1", str(port)])
    try:
        assert _answers(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 1440), ("en-US", 360)])
def test_every_page(browser: Browser, folder: Path, address: str, language: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
    witness = Witness(page)

    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, f'walker-{width}')}/")
    page.click("main button")
    page.wait_for_url("**/account/password/")
    for path in PAGES:
        response = page.goto(address + path, wait_until="networkidle")
        assert response is not None
        assert response.status == 200, path
        # Nothing is wider than the window.
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    assert witness.complaints == []
    assert witness.hosts == {urlsplit(address).netloc}
    page.close()


def test_a_campaign_is_seen_as_customers_will_see_it_while_it_is_typed(
    browser: Browser, folder: Path, address: str
) -> None:  # fmt: skip
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
    witness = Witness(page)
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'campaigner')}/")
    page.click("main button")
    page.goto(f"{address}/loyalty/campaigns/new/?from=threshold", wait_until="networkidle")
    worth = page.frame_locator(".phone iframe").locator(".worth")
    page.fill("input[name=amount]", "66")
    expect(worth).to_have_text("¥66")
    # The page of customers has its own style, so it was not refused to the frame.
    expect(worth).to_have_css("display", "grid")
    page.select_option("select[name=effect]", "percent")
    page.fill("input[name=rate]", "12")
    expect(worth).to_have_text("12% off")
    expect(page.locator("input[name=amount]")).to_be_hidden()
    page.select_option("select[name=preview_language]", "zh-hans")
    expect(worth).to_have_text("8.8 折")
    assert witness.complaints == []
    assert witness.hosts == {urlsplit(address).netloc}
    page.close()


def test_an_empty_workspace_fits_a_phone(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    token = sign_in_token(tmp_path, "first")
    server = subprocess.Popen([sys.executable, "-m", "wotu.site", str(tmp_path), "127.0.0.1", str(port)])
    try:
        assert _answers(port)
        page = browser.new_page(viewport={"width": 360, "height": 800}, locale="en-US")
        page.goto(f"http://127.0.0.1:{port}/sign-in/once/{token}/")
        page.click("main button")
        for path in ("/", "/customers/", "/customers/?state=new", "/value/", "/value/movement/", "/search/?q=x"):
            page.goto(f"http://127.0.0.1:{port}{path}", wait_until="networkidle")
            assert page.locator("h1").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.close()
    finally:
        server.terminate()
        server.wait(20)


def test_what_the_script_adds(browser: Browser, folder: Path, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="light")
    witness = Witness(page)
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'script')}/")
    page.click("main button")
    page.goto(address, wait_until="networkidle")

    # The chart is drawn, and drawn again in dark.
    page.wait_for_selector("#growth-chart .barlayer .point", state="attached")
    bar = page.locator("#growth-chart .barlayer .point path").first
    light = bar.evaluate("each => getComputedStyle(each).fill")
    page.click(".menu > summary")
    page.click('.menu button[value="dark"]')
    expect(bar).not_to_have_css("fill", light)
    page.keyboard.press("Escape")

    # A slash leads to the search, whose results can be walked with arrows.
    page.keyboard.press("/")
    page.keyboard.type("u3")
    page.wait_for_selector("#search-panel a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/c*/")

    # The list follows the typing and its address says so.
    page.goto(f"{address}/customers/", wait_until="networkidle")
    page.fill("#customer-search", "u31")
    page.wait_for_url("**/customers/?q=u31*")
    expect(page.locator("#result tbody tr")).to_have_count(1)

    assert witness.complaints == []
    page.close()


def test_a_key_is_made_copied_and_gone(browser: Browser, folder: Path, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = context.new_page()
    witness = Witness(page)
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'key-maker')}/")
    page.click("main button")
    page.goto(f"{address}/settings/keys/", wait_until="networkidle")

    page.fill("form:has(input[value=write]) input[name=name]", "shop-web")
    page.click("form:has(input[value=write]) button")
    text = page.locator(".secret code").inner_text()
    page.click(".secret button")
    expect(page.locator(".secret button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.goto(f"{address}/settings/keys/", wait_until="networkidle")
    assert text not in page.content()
    page.click(".keys .c-do summary")
    page.click('.keys button[value="revoke"]')
    expect(page.locator(".notice.good")).to_be_visible()

    # A consent is recorded without leaving the customer.
    page.goto(f"{address}/customers/u3/", wait_until="networkidle")
    page.click("#consent summary")
    page.click('#consent button[value="yes"]')
    expect(page.locator("#consent .consents li")).to_have_count(1)
    assert page.url.endswith("/customers/u3/")
    assert witness.complaints == []
    context.close()


def test_the_keyboard_walks_the_rows(browser: Browser, folder: Path, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'keys')}/")
    page.click("main button")
    page.goto(f"{address}/customers/", wait_until="networkidle")
    links = page.locator("#result tbody th a")

    page.focus("#customer-search")
    page.keyboard.press("ArrowDown")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(links.nth(1)).to_be_focused()
    assert links.nth(1).evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("End")
    expect(links.last).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("#global-search")).to_be_focused()

    # A new search keeps the order and the columns of the list.
    page.goto(f"{address}/customers/?state=active&days=365&col=orders", wait_until="networkidle")
    page.click("#result thead a >> text=Orders")
    page.wait_for_url("**sort=-orders**")
    page.fill("#customer-search", "u3")
    page.wait_for_url("**q=u3**")
    for part in ("sort=-orders", "state=active", "days=365", "col=orders"):
        assert part in page.url
    page.close()


def test_a_definition_opens_by_keyboard_and_moves_nothing(browser: Browser, folder: Path, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'definitions')}/")
    page.click("main button")
    page.goto(address, wait_until="networkidle")
    places = (
        "[...document.querySelectorAll('.card, .flow > div, .panel')].map(each => each.getBoundingClientRect().top)"
    )
    before = page.evaluate(places)

    for number in range(page.locator(".define").count()):
        definition = page.locator(".define").nth(number)
        definition.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(definition.locator(".define-body")).to_be_visible()
        box = definition.locator(".define-body").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1440
        assert page.evaluate(places) == before
        page.keyboard.press("Escape")
        expect(definition.locator(".define-body")).to_be_hidden()
        expect(definition.locator("summary")).to_be_focused()
    page.close()


def test_a_chart_is_saved_as_a_picture(browser: Browser, folder: Path, address: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN", color_scheme="dark")
    witness = Witness(page)
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'picture')}/")
    page.click("main button")
    page.goto(address, wait_until="networkidle")

    with page.expect_download() as waiting:
        page.click('[data-png="growth-chart"]')
    waiting.value.save_as(tmp_path / "growth.png")

    head = (tmp_path / "growth.png").read_bytes()[:24]
    assert waiting.value.suggested_filename == "growth.png"
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") >= 1440
    assert witness.complaints == []
    assert witness.hosts == {urlsplit(address).netloc}
    page.close()


def test_without_a_script_everything_is_there(browser: Browser, folder: Path, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, 'plain')}/")
    page.click("main button")

    page.goto(f"{address}/customers/")
    page.fill("#customer-search", "u31")
    page.click("#filters button")
    assert page.locator("#result tbody tr").count() == 1

    page.goto(address)
    page.click(".table-of > summary")
    assert page.locator(".table-of tbody tr").count() == 13
    page.click(".menu > summary")
    page.click('.menu button[value="zh-hans"]')
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    context.close()
