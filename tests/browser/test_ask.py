"""A person asks in the workbench: with the mouse, with the keyboard, on a phone, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_walk import address, folder
from tests.browser.walking import IN_A_BROWSER, Witness, sign_in_token

__all__ = ["address", "folder"]

pytestmark = IN_A_BROWSER
FUNNEL = "/insight/ask/funnel/?last=all&within=60d"
Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, folder: Path, address: str, request: pytest.FixtureRequest) -> Iterator[Enter]:
    pages: list[Page] = []

    def sign_in(path: str, *, width: int = 1440, locale: str = "en-US", script: bool = True) -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 900}, locale=locale, java_script_enabled=script
        )  # fmt: skip
        pages.append(page)
        page.goto(f"{address}/sign-in/once/{sign_in_token(folder, f'asks-{request.node.name}')}/")
        page.click("main button")
        page.goto(address + path)
        return page

    yield sign_in
    for page in pages:
        page.close()


def test_a_funnel_is_filled_in_and_leads_to_its_customers(enter: Enter) -> None:
    page = enter(FUNNEL)
    witness = Witness(page)
    expect(page.locator(".finding")).to_contain_text("reached Order Completed within 60 days", timeout=20_000)
    assert page.wait_for_selector("#chart-funnel .barlayer .point", state="attached")

    page.get_by_role("button", name="Add a step").click()
    expect(page.locator("[name='steps.3']")).to_have_count(1)
    page.get_by_role("combobox", name="Step 3").fill("order")
    page.keyboard.press("Enter")
    expect(page.locator(".answer-table tbody tr")).to_have_count(3)
    assert "steps.3=Order+Completed" in page.url

    page.go_back()
    expect(page.locator(".answer-table tbody tr")).to_have_count(2)

    counted = page.locator(".answer-table tbody tr").nth(1).locator("a.who").first
    number = counted.inner_text()
    counted.click()
    expect(page.locator(".result-head b").first).to_have_text(number)
    assert witness.complaints == []


def test_a_step_is_moved_and_filtered_by_keyboard(enter: Enter) -> None:
    page = enter(FUNNEL + "&steps.1=Order+Completed&steps.2=Order+Completed&steps.2.where=revenue+%3E+100")
    expect(page.locator(".answer-table")).to_be_visible(timeout=20_000)

    page.locator(".entry-menu summary").nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Earlier").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("steps.1.where=revenue"))
    expect(page.locator(".entry-where").first).to_contain_text("revenue > 100")
    expect(page.get_by_role("combobox", name="Step 1")).to_be_focused()


def test_rare_choices_stay_unfolded_and_are_made_by_keyboard(enter: Enter) -> None:
    page = enter(FUNNEL + "&steps.1=Order+Completed&steps.2=Order+Completed")
    witness = Witness(page)
    expect(page.locator(".answer-table")).to_be_visible(timeout=20_000)

    page.locator("#more-choices > summary").focus()
    page.keyboard.press("Enter")
    page.locator("[name=order]").focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("order=strict"))
    page.get_by_role("button", name="Add a step").click()
    expect(page.locator("[name='steps.3']")).to_have_count(1)
    expect(page.locator("[name=order]")).to_be_visible()
    expect(page.locator("[name='exclude.1.before'] option")).to_have_text(["last", "2", "3"])

    page.locator(".filter-field").get_by_role("button", name="condition").click()
    page.locator(".filter-field .pick > input").fill("path")
    page.keyboard.press("Enter")
    page.locator(".filter-field [data-value]").fill("`Order Completed`+")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("where=path"))
    expect(page.locator(".answer-table")).to_be_visible(timeout=20_000)
    assert witness.complaints == []


def test_a_phone_fits_the_workbench(enter: Enter) -> None:
    page = enter(FUNNEL, width=360, locale="zh-CN")
    expect(page.locator(".finding")).to_contain_text("60 天内", timeout=20_000)
    # The question that was asked is one line, until it is edited.
    expect(page.locator("form#question")).to_be_hidden()
    page.locator(".asked a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("form#question")).to_be_focused()
    page.locator(".entry-menu summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Escape")
    page.locator(".to-answer").click()
    expect(page.locator("#answer")).to_be_focused()
    expect(page.locator("form#question")).to_be_hidden()


def test_without_a_script_the_form_asks(enter: Enter) -> None:
    page = enter("/insight/ask/events/?last=all&unit=month", script=False)
    page.select_option("[name=unit]", "day")
    page.locator("form#question").get_by_role("button", name="Ask").last.click()
    assert "unit=day" in page.url
    expect(page.locator(".answer-table")).to_be_visible(timeout=20_000)
