"""Before a launch the page of a draft says what to weigh, and of what it cannot say why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from unittest import mock

from django.test import Client
from tests.console.fake import FakeWorkspace
from tests.console.shops import written

from wotu.loyalty.planning import Sold, plan
from wotu.loyalty.pricing import AmountOff, Rule

SignIn = Callable[..., Client]
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
