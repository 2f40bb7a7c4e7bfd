"""A customer's own page: a signed link alone opens it; small, in both languages; codes are claimed, not guessed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.console.site import configure

configure()

import wotu  # noqa: E402
from wotu.core.errors import ErrorCode, WotuError  # noqa: E402
from wotu.ledger import services  # noqa: E402
from wotu.ledger.choices import UnitKind  # noqa: E402
from wotu.ledger.rules import Cause  # noqa: E402
from wotu.loyalty import links  # noqa: E402
from wotu.loyalty.campaigns import services as campaign_services  # noqa: E402
from wotu.loyalty.contests import services as contest_services  # noqa: E402
from wotu.loyalty.contests.ranks import Prize  # noqa: E402
from wotu.loyalty.coupons import services as coupon_services  # noqa: E402
from wotu.loyalty.models import Allowance, Coupon  # noqa: E402
from wotu.loyalty.promotions.services import Slot, Terms, create_promotion  # noqa: E402
from wotu.loyalty.receipts import offer_services  # noqa: E402
from wotu.loyalty.receipts.rules import CashBack, Window  # noqa: E402
from wotu.loyalty.samples import services as sample_services  # noqa: E402
from wotu.loyalty.samples.rules import Following  # noqa: E402

ZONE = ZoneInfo("Asia/Shanghai")
TEN_OFF = {"effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 5_000}}
LARGEST_BYTES = 30_000


class Space:
    """Knows customers 7 and 8; 9 was merged into 7."""

    def customer(self, identifier: str) -> SimpleNamespace:
        known = {"c7": "c7", "c8": "c8", "c9": "c7"}
        if identifier not in known:
            raise WotuError(ErrorCode.UNKNOWN_CUSTOMER, "unknown")
        return SimpleNamespace(customer_id=known[identifier])


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("wotu.h5.pages.workspace", Space)


@pytest.fixture
def template() -> int:
    now = timezone.now()
    campaign = campaign_services.create_campaign("spring", "Spring", by="ann", now=now)
    campaign_services.launch(campaign, by="ann", now=now)
    return coupon_services.create_template(campaign, "春茶节 满减券", TEN_OFF, {"type": "days", "days": 7}, now=now)


def address(customer: int = 7, days: int = 30) -> str:
    return f"/m/{links.member_token(customer, now=timezone.now(), days=days)}/"


def page(client: Client, where: str, language: str = "zh-CN") -> str:
    response = client.get(where, headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def claim(client: Client, code: str, customer: int = 7):
    return client.post(f"{address(customer)}claim/?lang=en", {"code": code})


def code_of(template: int, name: str = "flyer") -> str:
    coupon_services.make_codes(template, 1, name=name, by="ann", now=timezone.now(), zone=ZONE)
    return Coupon.objects.get(batch__name=name).code or ""


def test_the_page_shows_what_the_customer_has_in_both_languages(client: Client, template: int) -> None:
    now = timezone.now()
    services.open_unit("points", UnitKind.POINTS, "Points")
    cause = Cause("club", 1, "o", "buyer", "earn")
    services.grant(cause, customer=7, unit="points", amount=1_280, now=now, expires_at=now + timedelta(days=30))
    coupon_services.issue(template, 7, key="k", now=now, zone=ZONE)

    chinese, english = page(client, address()), page(client, address(), "en")

    for expected in ("我的积分", "1280", "春茶节 满减券", "¥10", "满 ¥50 可用"):
        assert expected in chinese.replace("1,280", "1280")
    for expected in ("My points", "on orders from ¥50", 'lang="en"'):
        assert expected in english
    assert "春茶节" not in page(client, address(8))


def test_it_is_small_and_asks_nobody_else(client: Client, template: int) -> None:
    for number in range(12):
        coupon_services.issue(template, 7, key=str(number), now=timezone.now(), zone=ZONE) if not number else None
    text = page(client, address())
    style = Path(wotu.__file__).parent / "h5" / "static" / "h5" / "h5.css"

    assert len(text.encode()) + style.stat().st_size <= LARGEST_BYTES
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("change", ["altered", "another customer", "no signature", "over", "unknown customer"])
def test_a_link_that_is_not_good_opens_nothing(client: Client, change: str) -> None:
    now = timezone.now()
    good = links.member_token(7, now=now)
    customer, ends, signature = good.split("-")
    bad = {
        "altered": f"{customer}-{ends}z-{signature}",
        "another customer": f"{links.member_token(8, now=now).split('-')[0]}-{ends}-{signature}",
        "no signature": f"{customer}-{ends}-",
        "over": links.member_token(7, now=now - timedelta(days=31)),
        "unknown customer": links.member_token(99, now=now),
    }[change]

    response = client.get(f"/m/{bad}/", headers={"accept-language": "zh-CN"})

    assert response.status_code == 403
    assert "链接已失效" in response.content.decode()


def test_after_a_merge_the_link_opens_the_survivors_page(client: Client, template: int) -> None:
    coupon_services.issue(template, 7, key="k", now=timezone.now(), zone=ZONE)
    assert "春茶节" in page(client, address(9))


def test_a_code_becomes_a_coupon_once(client: Client, template: int) -> None:
    code = code_of(template)
    first, again, other = claim(client, code), claim(client, code.lower()), claim(client, code, customer=8)

    assert [each.status_code for each in (first, again, other)] == [200, 200, 409]
    assert Coupon.objects.get(code=code).customer == 7
    assert "This code cannot be used." in other.content.decode()


def test_guessing_ends_after_ten_wrong_codes_and_nothing_changes(client: Client, template: int) -> None:
    code = code_of(template)
    wrong = [claim(client, f"WRONG{number}").status_code for number in range(10)]
    refused = claim(client, code)

    assert (set(wrong), refused.status_code) == ({409}, 429)
    assert Coupon.objects.get(code=code).customer is None
    assert not Allowance.objects.exists()
    assert claim(client, code, customer=8).status_code == 200


@pytest.mark.parametrize("code", ["", "<b>x</b>", "x" * 1_000_000, "\x00", "\u202e券"])
def test_odd_codes_are_refused_as_any_other(client: Client, code: str, template: int) -> None:
    response = claim(client, code)
    assert response.status_code in (400, 409, 413)
    assert "<b>x</b>" not in response.content.decode()


def test_the_form_works_as_a_browser_sends_it(template: int) -> None:
    """With the token of the page and the header Origin, which a stricter referrer policy would empty."""
    code, browser, where = code_of(template), Client(enforce_csrf_checks=True), address()
    shown = browser.get(where)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', shown.content.decode())
    assert token is not None
    assert shown["Referrer-Policy"] == "same-origin"

    sent = {"code": code, "csrfmiddlewaretoken": token[1]}
    assert browser.post(f"{where}claim/", {"code": code}).status_code == 403
    assert browser.post(f"{where}claim/", sent, headers={"origin": "http://testserver"}).status_code == 200


def test_promotions_that_run_for_the_customer_are_told(client: Client) -> None:
    now = timezone.now()
    made = campaign_services.create_campaign("spring", "Spring", by="ann", now=now)
    steps = {"effect": {"type": "full_reduction", "steps": [[10_000, 2_000]]}}
    later = Slot(now + timedelta(hours=1), now + timedelta(hours=2), 5)
    for name, rule, given in (
        ("For all", steps, {}), ("For <b>gold</b>", {**steps, "tiers": ["gold"]}, {"reason": "x"}),
        ("For others", steps, {"customers": [8], "reason": "x"}),
        ("Flash", {"effect": {"type": "flash_price", "prices": {"tea": 990}}}, {"slots": [later]}),
    ):  # fmt: skip
        create_promotion(made, Terms(name, rule, **given), by="ann", now=now)
    campaign_services.launch(made, by="ann", now=now)

    text = page(client, f"{address()}?lang=en")

    assert text.index("For all") < text.index("Flash")
    assert "¥20 off from ¥100" in text
    assert "tea ¥9.90" in text
    assert "For others" not in text
    assert "gold" not in text


def test_the_page_of_one_customer_counts_nobody_else_s_rows(client: Client) -> None:
    now = timezone.now()
    of = campaign_services.create_campaign("tea", "Tea", by="ann", now=now)
    campaign_services.launch(of, by="ann", now=now)
    day = now.date()
    window = Window(first_day=day - timedelta(days=2), last_day=day + timedelta(days=2))
    offer_services.create_offer(of, "Back", CashBack(rate=500), window, paid_in="money", by="ann", now=now)
    following = Following(remind_after=7, measure=30)
    sample_services.create_offer(of, "Bag", "tea", 3, following, by="ann", now=now)
    template = coupon_services.create_template(of, "Coupon", TEN_OFF, {"type": "days", "days": 7}, now=now)
    contest_services.create_contest(
        of, "March", "spent", [Prize(first=1, last=1, template=template)], starts_at=now,
        ends_at=now + timedelta(days=1), cut_off=now + timedelta(days=1), by="ann", now=now,
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        text = page(client, address())
    assert "receipts/" in text
    assert "contests/" in text
    assert "Bag" in text
    of_all = [each["sql"] for each in asked if re.search(r"COUNT\(|SUM\(.*loyalty_receipt", each["sql"])]
    assert [sql for sql in of_all if re.search("contestentry|loyalty_receipt|samplerequest", sql)] == []
