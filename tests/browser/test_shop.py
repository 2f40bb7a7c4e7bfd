"""An owner launches points with levels, a coupon and a lottery; a customer on a phone buys, gives back and draws.

The ledger shows every posting and its reversal.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.walking import IN_A_BROWSER
from tests.console import real
from tests.console.ports import free_port
from tests.console.test_server import _answers

from wotu.shop.client import Client
from wotu.shop.server import Shop

pytestmark = IN_A_BROWSER
_PREPARE = """
import json, sys
from pathlib import Path
from wotu.site.server import prepare
prepare(Path(sys.argv[1]))
from wotu.accounts.key_services import create_key
from wotu.accounts.services import add_user
people = {name: add_user(name, role=role) for name, role in (("en", "owner"), ("zh", "owner"), ("mai", "marketer"))}
print(json.dumps({"key": create_key(kind="api", role="marketer").text, "people": people}))
"""
_WORDS = {
    "en": ("Show the price", "Pay", "Return one", "My page", "Launch"),
    "zh": ("查看价格", "支付", "退一件", "我的主页", "上线"),
}


@dataclass(frozen=True)
class Served:
    """A server, its shop, and tokens to sign in by name."""

    console: str
    client: Client
    shop: str
    people: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("shop") / "workspace", free_port()
    real.make(folder)
    made = json.loads(
        subprocess.run([sys.executable, "-c", _PREPARE, folder], stdout=subprocess.PIPE, check=True).stdout
    )
    server = subprocess.Popen([sys.executable, "-m", "wotu.site", str(folder), "127.0.0.1", str(port)])
    client = Client(f"http://127.0.0.1:{port}", made["key"])
    shop = Shop(client, "127.0.0.1", 0)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    try:
        assert _answers(port)
        yield Served(f"http://127.0.0.1:{port}", client, f"http://127.0.0.1:{shop.server_address[1]}", made["people"])
    finally:
        shop.shutdown()
        shop.server_close()
        server.terminate()
        server.wait(20)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("language", "who"), [("zh", "u4"), ("en", "u3")])
def test_what_an_owner_launches_a_customer_uses_and_gives_back(
    browser: Browser, served: Served, language: str, who: str
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 780}, locale={"zh": "zh-CN", "en": "en-US"}[language])
    page.goto(f"{served.console}/sign-in/once/{served.people[language]}/")
    page.click("main button")
    begin_programme(page, served)
    launch_coupon(page, served, language)
    launch_lottery(page, served, language)
    order_id = buy_and_give_back(page, served, language, who)
    page.goto(f"{served.console}/ledger/customers/{served.client.order(order_id)['customer']}/?unit=points")
    expect(page.locator("main")).to_contain_text("+14")
    expect(page.locator("main")).to_contain_text("−7")
    expect(page.locator("main")).to_contain_text("+10")
    page.close()


def begin_programme(page: Page, served: Served) -> None:
    """Points with three levels; begun the first time, and changed the second."""
    page.goto(f"{served.console}/loyalty/points/write/?from=levels", wait_until="networkidle")
    for name, value in {"points": "1", "per": "1", "check_in": ""}.items():
        page.fill(f"#programme-form input[name={name}]", value)
    page.click("#programme-form button[type=submit]")
    expect(page.locator(".notice.good")).to_be_visible()
    fits(page)


def launch_coupon(page: Page, served: Served, language: str) -> None:
    """10 off from 20, one code for all."""
    page.goto(f"{served.console}/loyalty/campaigns/new/?from=threshold", wait_until="networkidle")
    fields = {"name": f"Tea {language}", "coupon_name": "Tea 10", "amount": "10", "threshold": "20", "budget": "100"}
    for name, value in {**fields, "shared_code": f"TEA{language}", "code": f"tea-{language}"}.items():
        page.fill(f"input[name={name}]", value)
    page.click("#campaign-form button[type=submit]")
    page.get_by_role("button", name=_WORDS[language][4], exact=True).click()
    expect(page.locator(".notice.good")).to_be_visible()
    fits(page)


def launch_lottery(page: Page, served: Served, language: str) -> None:
    """A wheel that nearly always wins 10 points, with a chance for each day's visit."""
    page.goto(f"{served.console}/loyalty/lotteries/new/?from=wheel", wait_until="networkidle")
    odds = {"odds_1": "1/1000000", "odds_2": "1/1000000", "odds_3": "499999/500000"}
    words = {"code": f"wheel-{language}", "name_zh": f"转盘 {language}", "name_en": f"Wheel {language}"}
    for name, value in {**odds, **words, "sponsor": "Tea shop", "contact": "400-000-0000"}.items():
        page.fill(f"input[name={name}]", value)
    page.click("main form button[type=submit]")
    page.get_by_role("button", name=_WORDS[language][4], exact=True).click()
    expect(page.locator(".notice.good")).to_be_visible()
    fits(page)


def buy_and_give_back(page: Page, served: Served, language: str, who: str) -> str:
    """Two pieces of tea with the code, one of which comes back; the order."""
    show, pay, give_back, own_page, _ = _WORDS[language]
    page.goto(f"{served.shop}/?who=user_id:{who}&lang={language}")
    page.fill("input[name=tea]", "2")
    page.fill("input[name=code]", f"tea{language}")
    page.get_by_role("button", name=show).click()
    expect(page.locator(".sum dd")).to_have_text(["¥24.00", "−¥10.00", "¥14.00"])
    fits(page)
    page.get_by_role("button", name=pay, exact=True).click()
    page.wait_for_url("**/orders/shop-*")
    order_id = page.url.split("/orders/")[1].partition("?")[0]
    page.get_by_role("button", name=give_back).click()
    expect(page.locator(".back")).to_contain_text("¥7.00")
    fits(page)
    page.get_by_role("link", name=own_page).click()
    page.wait_for_url("**/m/**")
    # Of the 14 points that the order earned, the piece that stays keeps 7.
    expect(page.locator(".balance")).to_have_text("7")
    fits(page)
    page.get_by_role("link", name=f"{'转盘' if language == 'zh' else 'Wheel'} {language}").click()
    page.locator("form.play button").click()
    expect(page.locator(".said.good")).to_contain_text("10")
    fits(page)
    page.locator(".back a").click()
    expect(page.locator(".balance")).to_have_text("17")
    return order_id


def test_a_marketer_cannot_launch_without_a_budget(browser: Browser, served: Served) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 780}, locale="en-US")
    page.goto(f"{served.console}/sign-in/once/{served.people['mai']}/")
    page.click("main button")
    page.goto(f"{served.console}/loyalty/campaigns/new/?from=threshold", wait_until="networkidle")
    for name, value in {
        "name": "Open",
        "coupon_name": "Any",
        "amount": "10",
        "shared_code": "OPEN",
        "code": "open",
    }.items():
        page.fill(f"input[name={name}]", value)
    page.fill("input[name=budget]", "")
    page.click("#campaign-form button[type=submit]")
    expect(page.locator(".notice.warn")).to_be_visible()
    expect(page.get_by_role("button", name="Launch", exact=True)).to_have_count(0)
    page.close()


def test_the_shop_refuses_what_other_pages_send_and_escapes_what_is_typed(served: Served) -> None:
    elsewhere = Request(
        f"{served.shop}/orders/shop-000000000000", b"who=user_id:u3&tea=1", {"Sec-Fetch-Site": "cross-site"}
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(elsewhere)
    with refused.value:
        assert refused.value.code == 403
    with pytest.raises(HTTPError) as unknown:
        urlopen(f"{served.shop}/?who=user_id:nobody&tea=1&code=%3Cscript%3E")
    with unknown.value:
        page = unknown.value.read().decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
