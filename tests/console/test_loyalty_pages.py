"""Loyalty: campaigns are written, shown as customers see them, approved and followed; coupons are looked up."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from tests.console.fake import ZONE, FakeWorkspace
from tests.console.shops import issued, used, written
from tests.loyalty.clubs import club
from tests.loyalty.contest_field import contest
from tests.loyalty.receipts_shop import campaign, offer

from wotu.accounts import audit
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.campaigns.launch_reads import campaign_findings
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.membership import plan_services
from wotu.loyalty.models import Campaign, CodeBatch, Coupon, CouponTemplate
from wotu.loyalty.programme import services as programme_services

SignIn = Callable[..., Client]
DAY = timedelta(days=1)
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")
FORM = {
    "name": "Spring", "coupon_name": "Ten off", "code": "spring", "effect": "amount_off", "amount": "10",
    "threshold": "39", "term": "days", "days": "7", "total": "100", "per_customer": "1", "budget": "500",
    "stacking": "kind", "quantity": "1", "for_whom": "everybody",
}  # fmt: skip


@pytest.fixture
def addresses(space: FakeWorkspace, db: None) -> list[str]:
    """Every page with something on it."""
    kind = written(shared_code="HELLO")
    written("waits", live=False, name="很长的名字" * 20)
    campaign_services.ask_to_launch(Campaign.objects.get(code="waits").pk, by="mia", now=timezone.now())
    coupon = issued(kind)
    used(coupon)
    coupon_services.make_codes(kind, 3, name="Flyers <b>", by="ann", now=timezone.now(), zone=ZONE)
    free = Coupon.objects.filter(customer=None).first()
    assert free is not None
    return [
        "/loyalty/campaigns/", "/loyalty/campaigns/?state=live", "/loyalty/campaigns/?state=ended",
        "/loyalty/campaigns/of/spring/", "/loyalty/campaigns/of/spring/?state=issued", "/loyalty/campaigns/of/waits/",
        "/loyalty/members/", "/loyalty/members/?who=c42", "/loyalty/members/?who=nobody", "/loyalty/members/c42/",
        "/loyalty/members/c41/", "/loyalty/coupons/", "/loyalty/coupons/?q=hello", "/loyalty/coupons/?q=nothing",
        f"/loyalty/coupons/{coupon}/", f"/loyalty/coupons/{free.pk}/", "/loyalty/calendar/",
        "/loyalty/calendar/?month=2001-01", "/loyalty/calendar/?month=soon",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_every_page_answers(addresses: list[str], sign_in: SignIn, role: str, language: str) -> None:
    client = sign_in(role, language=language)
    forms = ["/loyalty/campaigns/new/", "/loyalty/campaigns/new/?from=percent", "/loyalty/campaigns/of/spring/edit/",
             "/loyalty/campaigns/of/waits/edit/"]  # fmt: skip
    for address in [*addresses, *(forms if role == "marketer" else [])]:
        response = client.get(address)
        page = response.content.decode()
        assert response.status_code == 200, address
        assert page.count("<h1") == 1, address
        assert _INLINE.search(page) is None, address
        assert "{{" not in page, address
        assert "<b>&" not in page, address
        assert "Flyers <b>" not in page, address


def test_pages_teach_before_there_is_anything(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    page = client.get("/loyalty/campaigns/").content.decode()
    assert "No campaign yet" in page
    assert 'href="/loyalty/campaigns/new/"' in page
    assert "Nothing runs in this month" in client.get("/loyalty/calendar/").content.decode()
    assert "No coupon was ever given" in client.get("/loyalty/members/c42/").content.decode()
    assert 'href="/loyalty/campaigns/new/"' not in sign_in("viewer").get("/loyalty/campaigns/").content.decode()
    for address in ("/loyalty/campaigns/of/none/", "/loyalty/coupons/1/", "/loyalty/members/c999/"):
        assert client.get(address).status_code == 404, address


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_only_who_runs_campaigns_changes_anything(addresses: list[str], sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    batch, free = CodeBatch.objects.get().pk, Coupon.objects.filter(customer=None).earliest("pk").pk
    kind = CouponTemplate.objects.get(campaign__code="spring").pk

    def all_of_it() -> list[Any]:
        return [list(each.objects.order_by("pk").values()) for each in (Campaign, CouponTemplate, Coupon, CodeBatch)]

    before = all_of_it()
    for address, form in (
        ("/loyalty/campaigns/new/", FORM), ("/loyalty/campaigns/preview/", FORM),
        ("/loyalty/campaigns/of/spring/edit/", FORM), ("/loyalty/campaigns/of/spring/act/", {"do": "pause"}),
        ("/loyalty/campaigns/of/waits/act/", {"do": "launch"}), (f"/loyalty/batches/{batch}/codes/", {}),
        ("/loyalty/members/c42/give/", {"kind": kind, "key": "0" * 32}), (f"/loyalty/coupons/{free}/", {}),
    ):  # fmt: skip
        assert client.post(address, form).status_code == 403, address
    assert client.get("/loyalty/campaigns/new/").status_code == 403
    page = client.get("/loyalty/campaigns/of/spring/").content.decode()
    assert "<form method=" not in page.split("</header>")[1]
    assert all_of_it() == before


def test_a_campaign_is_written_from_a_start_shown_and_launched(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    page = client.get("/loyalty/campaigns/new/?from=newcomer").content.decode()
    assert 'name="amount" value="10"' in page
    assert 'name="threshold" value="39"' in page
    assert client.post("/loyalty/campaigns/new/", FORM)["Location"] == "/loyalty/campaigns/of/spring/?done=saved"

    row = campaign_reads.campaign("spring")
    assert row.budget is not None
    assert (row.name, row.state, row.budget.total, row.currency) == ("Spring", "draft", 50_000, "USD")
    (kind,) = coupon_reads.templates(row.number, now=timezone.now())
    assert kind.rule == {
        "effect": {"type": "amount_off", "amount": 1_000}, "threshold": {"amount": 3_900}, "currency": "USD",
    }  # fmt: skip
    assert (kind.name, kind.term, kind.total, kind.per_customer) == ("Ten off", {"type": "days", "days": 7}, 100, 1)

    page = client.get("/loyalty/campaigns/of/spring/").content.decode()
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    client.post("/loyalty/campaigns/of/spring/act/", {"do": "launch", "seen": seen})
    for do, state in (("pause", "paused"), ("resume", "live"), ("end", "ended")):
        assert client.post("/loyalty/campaigns/of/spring/act/", {"do": do}).status_code == 302
        assert campaign_reads.campaign("spring").state == state
    told = [(each.action, each.detail["what"]) for each in audit.about(["spring"])]
    assert told == [
        ("edit_campaign", "create"), ("launch_campaign", "launch"), ("edit_campaign", "pause"),
        ("edit_campaign", "resume"), ("edit_campaign", "end"),
    ]  # fmt: skip
    assert client.get("/loyalty/campaigns/of/spring/edit/")["Location"] == "/loyalty/campaigns/of/spring/"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [({"effect": "percent", "rate": "12.5", "most_off": "20"},
      {"effect": {"type": "percent", "rate": 1_250}, "most_off": 2_000}),
     ({"effect": "free_shipping", "most_off": "9.90"}, {"effect": {"type": "free_shipping"}, "most_off": 990}),
     ({"effect": "exchange", "price": "1", "products": "tea, cup\nspoon"},
      {"effect": {"type": "exchange", "price": 100}, "scope": {"products": ["tea", "cup", "spoon"]}}),
     ({"effect": "gift", "product_id": "cup", "quantity": "2", "worth": "3"},
      {"effect": {"type": "gift", "product_id": "cup", "quantity": 2, "worth": 300}}),
     ({"effect": "amount_off", "amount": "1,000", "categories": "food/tea\ntools", "without_products": "x"},
      {"effect": {"type": "amount_off", "amount": 100_000},
       "scope": {"categories": [["food", "tea"], ["tools"]], "without_products": ["x"]}}),
     ({"stacking": "alone"}, {"effect": {"type": "amount_off", "amount": 1_000}, "exclusive": True}),
     ({"stacking": "group", "group": "big"}, {"effect": {"type": "amount_off", "amount": 1_000}, "group": "big"})],
)  # fmt: skip
def test_each_kind_of_coupon_is_written_and_read_back_as_it_was_typed(
    space: FakeWorkspace, sign_in: SignIn, typed: dict[str, str], rule: dict[str, Any]
) -> None:
    client = sign_in("marketer")
    form = FORM | {"threshold": ""} | typed
    assert client.post("/loyalty/campaigns/new/", form).status_code == 302
    kind = CouponTemplate.objects.get()
    version = coupon_reads.template(kind.pk, now=timezone.now())
    assert version.rule == rule | {"currency": "USD"}
    # Saving the form untouched promises the same, so it is no new version.
    page = client.get("/loyalty/campaigns/of/spring/edit/").content.decode()
    again = fields_of(page)
    assert client.post("/loyalty/campaigns/of/spring/edit/", again).status_code == 302
    assert coupon_reads.template(kind.pk, now=timezone.now()) == version


def fields_of(page: str) -> dict[str, str]:
    """What a browser would post of the form of a campaign, as it stands."""
    form = page.split('id="campaign-form"')[1].split("</form>")[0]
    found = dict(re.findall(r'<input name="([a-z_]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea name="([a-z_]+)"[^>]*>([^<]*)</textarea>', form))
    for name, options in re.findall(r'<select name="([a-z_]+)">(.*?)</select>', form, re.DOTALL):
        (found[name],) = re.findall(r'value="([a-z_]+)" selected', options)
    return {name: html.unescape(value) for name, value in found.items()}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"name": "x" * 121}, "name"), ({"name": "a\x00b"}, "name"),
     ({"amount": "0"}, "amount"), ({"amount": ""}, "amount"), ({"amount": "-5"}, "amount"),
     ({"amount": "1.234"}, "amount"), ({"amount": "9" * 30}, "amount"), ({"effect": "points"}, "effect"),
     ({"effect": "percent", "rate": "101"}, "rate"), ({"effect": "percent", "rate": "nan"}, "rate"),
     ({"effect": "exchange"}, "products"), ({"effect": "gift"}, "product_id"), ({"days": "0"}, "days"),
     ({"days": ""}, "days"), ({"term": "dates", "first_day": "2026-02-30"}, "first_day"),
     ({"term": "dates", "first_day": "2026-03-02", "last_day": "2026-03-01"}, "last_day"),
     ({"starts": "2026-03-02", "ends": "2026-03-01"}, "ends"), ({"starts": "0001-01-01"}, "starts"),
     ({"total": "0"}, "total"), ({"total": "1.5"}, "total"), ({"budget": "much"}, "budget"),
     ({"stacking": "group"}, "group"), ({"code": "Sprîng"}, "code"), ({"code": ""}, "code"),
     ({"shared_code": "--"}, "shared_code"), ({"products": "x" * 121}, "products")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str], field: str
) -> None:
    client = sign_in("marketer", language="zh-hans")
    response = client.post("/loyalty/campaigns/new/", FORM | {"coupon_name": "立减十元"} | wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(rf'class="f-{field}".*?class="error"|name="{field}".*?class="error"', page, re.DOTALL)
    assert all(re.search("[\u4e00-\u9fff]", told) for told in re.findall(r'class="error"[^>]*>([^<]*)<', page))
    assert 'value="立减十元"' in page
    assert Campaign.objects.count() == CouponTemplate.objects.count() == 0
    assert audit.about([FORM["code"]]) == ()


def test_the_preview_is_the_page_of_customers_and_says_the_most_it_costs(
    space: FakeWorkspace, sign_in: SignIn
) -> None:  # fmt: skip
    client = sign_in("marketer")

    def shown(**typed: str) -> tuple[str, str]:
        part = client.post("/loyalty/campaigns/preview/", FORM | typed).content.decode()
        frame = re.search(r'srcdoc="([^"]*)"', part)
        return html.unescape(frame[1]) if frame else "", part

    page, part = shown()
    for words in ("Ten off", "$10", "on orders from $39", "My coupons"):
        assert words in page, words
    assert "Costs at most $500.00: the budget ends it." in part
    assert "Costs at most $1,000.00, when every coupon is used." in shown(budget="")[1]
    assert "An owner launches it." in shown(budget="")[1]
    assert "Nothing limits what it costs" in shown(budget="", total="")[1]
    page, _ = shown(effect="percent", rate="15", preview_language="zh-hans", coupon_name='<img src=x>"')
    assert "8.5 折" in page
    assert "<img" not in page
    assert "&lt;img" in page
    page, part = shown(amount="", days="x")
    assert page == ""
    assert "when 2 fields are" in part
    assert Campaign.objects.count() == 0


def test_a_budget_above_the_limit_waits_for_an_owner(
    space: FakeWorkspace, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.WOTU_SETTINGS = msgspec.structs.replace(settings.WOTU_SETTINGS, approval_above="100")
    marketer, owner, act = sign_in("marketer"), sign_in("owner"), "/loyalty/campaigns/of/spring/act/"
    marketer.post("/loyalty/campaigns/new/", FORM)
    page = marketer.get("/loyalty/campaigns/of/spring/").content.decode()
    assert "Needs an approval by an owner" in page
    assert 'value="launch"' not in page
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    refused = marketer.post(act, {"do": "launch", "seen": seen})
    assert refused.status_code == 422
    assert "A budget above $100.00, or none at all, is for an owner to launch." in refused.content.decode()
    assert campaign_reads.campaign("spring").state == "draft"

    marketer.post(act, {"do": "ask"})
    assert "Waiting for an owner" in marketer.get("/loyalty/campaigns/").content.decode()
    assert "Waiting for your approval" in owner.get("/loyalty/campaigns/").content.decode()
    (seen,) = re.findall(
        r'name="seen" value="([0-9a-f]+)"', owner.get("/loyalty/campaigns/of/spring/").content.decode()
    )
    # What an owner launches is what they saw.
    marketer.post("/loyalty/campaigns/of/spring/edit/", FORM | {"budget": "900"})
    again = owner.post(act, {"do": "launch", "seen": seen})
    assert again.status_code == 422
    assert "Somebody changed the campaign meanwhile" in again.content.decode()
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', again.content.decode())
    assert owner.post(act, {"do": "launch", "seen": seen}).status_code == 302
    assert campaign_reads.campaign("spring").approved_by == "owner-en"
    # Nor does a marketer raise it afterwards.
    response = marketer.post("/loyalty/campaigns/of/spring/edit/", FORM | {"budget": "950"})
    assert response.status_code == 422
    found = campaign_reads.campaign("spring").budget
    assert found is not None
    assert found.total == 90_000


def test_what_was_launched_without_a_budget_is_for_owners_to_change(space: FakeWorkspace, sign_in: SignIn) -> None:
    kind = written(budget=None)
    form = FORM | {"budget": "", "amount": "900"}
    response = sign_in("marketer").post("/loyalty/campaigns/of/spring/edit/", form)
    assert response.status_code == 422
    assert "is for an owner to launch" in response.content.decode()
    assert coupon_reads.template(kind, now=timezone.now()).version == 1
    assert sign_in("owner").post("/loyalty/campaigns/of/spring/edit/", form).status_code == 302
    assert coupon_reads.template(kind, now=timezone.now()).version == 2


def test_a_campaign_without_a_kind_of_coupon_is_shown(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign_services.create_campaign("bare", "Bare", by="ann", now=timezone.now(), currency="USD")
    page = sign_in("owner").get("/loyalty/campaigns/of/bare/").content.decode()
    assert "It gives nothing yet" in page
    assert "/edit/" not in page


def test_the_effect_is_told_with_what_it_is_not(space: FakeWorkspace, sign_in: SignIn) -> None:
    kind = written()
    used(issued(kind))
    page = sign_in("viewer").get("/loyalty/campaigns/of/spring/").content.decode()
    for words in ("Orders of the 1 customers", "$40.00", "It took off $10.00, 20.0% of",
                  "This is a comparison, not yet an effect"):  # fmt: skip
        assert words in page, words


def test_the_list_asks_the_database_a_few_questions_only(
    space: FakeWorkspace, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        issued(written(f"c-{number}"))
    client = sign_in("marketer")
    with django_assert_max_num_queries(9):
        client.get("/loyalty/campaigns/")
    with django_assert_max_num_queries(9):
        client.get("/loyalty/calendar/")
    with django_assert_max_num_queries(25):
        client.get("/loyalty/campaigns/of/c-1/")


def test_members_are_listed_and_filtered_by_level(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("viewer")
    assert "Look somebody up" in client.get("/loyalty/members/").content.decode()
    club(joining="by_hand", zone="America/New_York")
    now = timezone.now()
    for customer in (41, 42, 43):
        programme_services.enrol(customer, now=now)
    programme_services.set_level(42, "gold", first_day=now.date() - DAY, now=now)

    def listed(query: str = "") -> list[str]:
        page = client.get(f"/loyalty/members/{query}").content.decode()
        return re.findall(r'href="/loyalty/members/(c\d+)/"', page)

    assert (listed(), listed("?level=gold"), listed("?level=")) == (["c43", "c42", "c41"], ["c42"], ["c43", "c41"])
    assert listed("?level=none") == listed()
    assert "Nobody has this level now." in client.get("/loyalty/members/?level=silver").content.decode()
    marketer = sign_in("marketer")
    found = marketer.get("/loyalty/members/?who=c42").content.decode()
    assert '<td class="c-date" data-label="Level">gold</td>' in found


def test_the_calendar_groups_what_runs_by_its_kind(space: FakeWorkspace, sign_in: SignIn) -> None:
    written("spring")
    client, now = sign_in("viewer"), timezone.now()
    assert "Trials of plans" not in client.get("/loyalty/calendar/").content.decode()
    for code, days in (("trial", 14), ("plain", 0)):
        plan_services.create_plan(
            f"Card {code}", code=code, product_id=code, price=1, months=1, trial_days=days, by="ann", now=now
        )
    page = client.get("/loyalty/calendar/").content.decode()
    assert page.index("Campaigns</th>") < page.index("/loyalty/campaigns/of/spring/") < page.index("Trials of plans")
    assert "/loyalty/plans/of/trial/" in page
    assert "14 days for nothing" in page
    assert "Card plain" not in page
    assert "Card trial" not in client.get("/loyalty/calendar/?month=2001-01").content.decode()
    plan_services.offer_plan("trial", offered=False)
    assert "Card trial" not in client.get("/loyalty/calendar/").content.decode()


def test_what_campaigns_carry_stands_in_the_calendar_and_is_something_to_give(
    space: FakeWorkspace, sign_in: SignIn
) -> None:
    club()
    client, made = sign_in("viewer"), campaign(code="tea")
    assert [str(each.code) for each in campaign_findings("tea", now=timezone.now())] == ["no_coupons"]
    contest(of=made)
    assert [str(each.code) for each in campaign_findings("tea", now=timezone.now())] == []
    offer(made)
    march = "/loyalty/calendar/?month=2026-03"
    page = client.get(march).content.decode()
    assert page.index("Contests</th>") < page.index(">March</a>") < page.index("Receipts</th>")
    assert page.index("Receipts</th>") < page.index("Tea back")
    assert "Feb 22, 2026 to Mar 31, 2026" in page
    assert "Tea back" not in client.get("/loyalty/calendar/?month=2026-05").content.decode()
    assert [str(each.code) for each in campaign_findings("tea", now=timezone.now())] == []
