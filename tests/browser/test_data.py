"""A person watches events arrive, mends one that did not, and tries a rule of a stage, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.walking import IN_A_BROWSER, Witness, sign_in_token
from tests.console import real
from tests.console.ports import free_port
from tests.console.test_server import _answers

from wotu.workspace import Workspace

pytestmark = IN_A_BROWSER
PAGES = (
    "/data/", "/data/connect/", "/data/live/", "/data/live/?view=door", "/data/quarantine/", "/data/catalogue/",
    "/data/catalogue/?view=properties", "/data/catalogue/entry/?kind=event&name=Order+Completed",
    "/data/stages/?days=all", "/data/tables/", "/data/tables/staff/row/", "/data/freshness/",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "workspace"
    real.make(folder)
    return folder


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    command = [sys.executable, "-m", "wotu", "keys", "create", "--kind", "write", "--name", "shop-web", "--json",
               "--workspace", str(folder)]  # fmt: skip
    return str(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["key"])


@pytest.fixture(scope="module")
def address(folder: Path, key: str) -> Iterator[str]:
    """A whole install: collector, settler, console."""
    port = free_port()
    command = [sys.executable, "-m", "wotu", "serve", "--workspace", str(folder), "--port", str(port), "--quiet"]
    server = subprocess.Popen(command)
    try:
        assert _answers(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _send(address: str, key: str, message: dict[str, object]) -> None:
    login = b64encode(f"{key}:".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
    request = urllib.request.Request(f"{address}/v1/batch", json.dumps({"batch": [message]}).encode(), headers)
    for _ in range(50):
        # The collector looks for new keys once a second.
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=5).close()
            return
        time.sleep(0.1)
    pytest.fail("the key never opened the way in")


def _enter(browser: Browser, folder: Path, address: str, name: str, **view: object) -> Page:
    page = browser.new_page(**view)  # type: ignore[arg-type]
    page.goto(f"{address}/sign-in/once/{sign_in_token(folder, name)}/")
    page.click("main button")
    page.wait_for_url("**/account/password/")
    return page


def test_an_event_shows_with_its_person(browser: Browser, folder: Path, address: str, key: str) -> None:
    page = _enter(browser, folder, address, "watcher", viewport={"width": 1440, "height": 900}, locale="en-US")
    witness = Witness(page)
    page.goto(f"{address}/data/connect/?source=shop-web")
    expect(page.locator("#waiting")).to_contain_text("Waiting for an event of shop-web")
    _send(address, key, {"type": "identify", "userId": "v1", "traits": {"name": "王芳"}})
    expect(page.locator("#waiting")).to_contain_text("shop-web is connected.")

    page.goto(f"{address}/data/live/")
    _send(address, key, {"type": "track", "event": "Invite Sent", "userId": "v1", "properties": {"channel": "app"}})
    row = page.locator("tr.fresh", has_text="Invite Sent")
    expect(row).to_contain_text("王芳")
    row.locator("th a").click()
    expect(page.locator("#json")).to_contain_text('"channel": "app"')
    page.click(".head a.btn")
    expect(page.locator("h1")).to_have_text("王芳")

    # Paused, the list stands still.
    page.goto(f"{address}/data/live/?pause=yes")
    _send(address, key, {"type": "track", "event": "Late One", "userId": "v1"})
    page.wait_for_timeout(1500)
    assert page.locator("text=Late One").count() == 0

    assert witness.complaints == []
    assert witness.hosts == {urlsplit(address).netloc}
    page.close()


def test_a_message_is_mended(browser: Browser, folder: Path, address: str, key: str) -> None:
    page = _enter(browser, folder, address, "mender", viewport={"width": 360, "height": 800}, locale="en-US")
    witness = Witness(page)
    _send(address, key, {"type": "track", "event": "Signed Up", "userId": "v1", "timestamp": "soon"})
    for _ in range(50):
        page.goto(f"{address}/data/quarantine/")
        if page.locator("table.groups").count():
            break
    page.click("table.groups th a")
    page.click("table.held th a")
    box = page.locator("textarea")
    box.fill(box.input_value().replace('"soon"', '"2026-01-05T08:00:00Z"'))
    page.click(".mend button")
    expect(page.locator(".notice")).to_contain_text("1 messages came in")
    assert Workspace.open(folder).quarantine.rows() == []
    assert witness.complaints == []
    page.close()


def test_a_rule_is_counted_while_it_is_typed(browser: Browser, folder: Path, address: str) -> None:
    page = _enter(browser, folder, address, "ruler", viewport={"width": 1440, "height": 900}, locale="en-US")
    witness = Witness(page)
    page.goto(f"{address}/data/stages/?days=all")
    rule = page.locator("fieldset.rule", has_text="Exposure")
    rule.locator("input[name='exposure.event']").fill("Order Completed")
    expect(rule.locator(".rule-live b")).to_have_text("40")
    where = rule.locator("input[name='exposure.where']")
    where.fill("revenu > 100")
    expect(rule.locator("mark")).to_have_text("revenu")
    where.fill("revenue > 100")
    expect(rule.locator(".rule-live b")).not_to_have_text("40")
    counted = rule.locator(".rule-live b").inner_text()
    rule.locator(".rule-live a").click()
    expect(page.locator("#result")).to_contain_text(f"{counted} customer")

    page.goto(f"{address}/data/stages/?days=all&preset=b2b")
    page.locator("select[name='exposure.kind']").select_option("")
    for stage in ("lead", "opportunity", "deal", "delivery", "repurchase", "referral"):
        page.locator(f"select[name='{stage}.kind']").select_option("")
    page.locator("select[name='deal.kind']").select_option("order")
    page.click("text=Keep these rules")
    expect(page.locator(".notice")).to_contain_text("The rules are kept")
    assert Workspace.open(folder).stage_rules() == {"deal": {"order": 1}}
    assert witness.complaints == []
    page.close()


@pytest.mark.parametrize(("language", "width", "scheme"), [("zh-CN", 360, "dark"), ("en-US", 1440, "light")])
def test_every_page_fits(browser: Browser, folder: Path, address: str, language: str, width: int, scheme: str) -> None:
    view = {"viewport": {"width": width, "height": 900}, "locale": language, "color_scheme": scheme}
    page = _enter(browser, folder, address, f"fit-{width}", **view)
    witness = Witness(page)
    for path in PAGES:
        response = page.goto(address + path, wait_until="load")
        assert response is not None
        assert response.status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert witness.complaints == []
    page.close()
