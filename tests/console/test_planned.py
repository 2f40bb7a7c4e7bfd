"""Before a launch the page of a draft says what to weigh, and of what it cannot say why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from unittest import mock

from django.test import Client
from tests.console.fake import FakeWorkspace
from tests.console.shops import written
from tests.console.test_loyalty_pages import FORM

from wotu.loyalty.campaigns.planning import Sold, plan
from wotu.loyalty.models import Campaign, CouponTemplate
from wotu.loyalty.pricing import AmountOff, Rule

SignIn = Callable[..., Client]
PAGE = "/loyalty/campaigns/of/open/"
SOLD = Sold(date(2025, 3, 1), date(2025, 4, 9), orders=4, customers=3, revenue=40_000)


def test_what_cannot_be_told_says_why(space: FakeWorkspace, sign_in: SignIn) -> None:
    written("open", live=False)
    client = sign_in("marketer")
    page = client.get("/loyalty/campaigns/of/open/").content.decode()
    assert "No estimate, because the campaign has no last day." in page
    assert "No estimate, because no product has a cost" in page
    written("runs", live=True)
    assert "Before the launch" not in client.get("/loyalty/campaigns/of/runs/").content.decode()


def test_figures_stand_beside_what_they_are_of(space: FakeWorkspace, sign_in: SignIn) -> None:
    written("open", live=False)
    told = plan(date(2026, 3, 1), date(2026, 4, 9), Rule(rule_id="r", effect=AmountOff(amount=2_000)), SOLD, 0.4)
    with mock.patch("wotu.console.loyalty.planned.plan_of", return_value=told):
        page = sign_in("marketer").get("/loyalty/campaigns/of/open/").content.decode()
        chinese = sign_in("marketer", language="zh-hans").get("/loyalty/campaigns/of/open/").content.decode()
    for words in ("40 days", "customers learn to wait", "$400", "4 orders of 3 customers", "$20", "of $100", "40",
                  "2.00 times as many"):  # fmt: skip
        assert words in page
    for words in ("40 天", "去年同期", "3 位客户的 4 笔订单", "2.00 倍"):
        assert words in chinese


def test_checks_stand_beside_what_to_weigh_and_stop_a_launch(space: FakeWorkspace, sign_in: SignIn) -> None:
    written("open", live=False)
    client = sign_in("owner")
    page = client.get(PAGE).content.decode()
    assert "To consider" in page, "no sale tells the base of the discount"
    assert "Stops the launch" not in page
    assert "article 21, in force since 2020-12-01" in page
    written("plain", live=False, rule={"effect": {"type": "free_shipping"}, "currency": "USD"})
    assert "The checks found nothing." in client.get("/loyalty/campaigns/of/plain/").content.decode()

    CouponTemplate.objects.filter(campaign__code="open").update(for_whom="chosen")
    page = client.get(PAGE).content.decode()
    assert "Stops the launch" in page
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    refused = client.post(f"{PAGE}act/", {"do": "launch", "seen": seen[1]})
    assert refused.status_code == 422
    assert "no reason is stated that customers can read" in refused.content.decode()
    assert Campaign.objects.get(code="open").state == "draft"
    chinese = sign_in("owner", language="zh-hans").get(PAGE).content.decode()
    assert "《个人信息保护法》（2021年主席令第91号）第24条，2021-11-01 起施行" in chinese
    assert "没有写明客户可以看到的理由" in chinese


def test_the_reason_is_written_in_the_form_and_read_by_customers(space: FakeWorkspace, sign_in: SignIn) -> None:
    written("open", live=False)
    client = sign_in("owner")
    typed = FORM | {"code": "open", "for_whom": "chosen", "reason": "Thanks for ten years"}
    shown = client.post("/loyalty/campaigns/preview/", typed | {"preview_language": "en"}).content.decode()
    assert "Thanks for ten years" in shown
    assert client.post(f"{PAGE}edit/", typed).status_code == 302
    kind = CouponTemplate.objects.get()
    assert (kind.for_whom, kind.reason) == ("chosen", "Thanks for ten years")
    page = client.get(PAGE).content.decode()
    assert "Stops the launch" not in page
    assert "Thanks for ten years" in page
    assert 'value="Thanks for ten years"' in client.get(f"{PAGE}edit/").content.decode()
    assert client.post(f"{PAGE}edit/", typed | {"for_whom": "friends"}).status_code == 422
