"""Loyalty, Paid membership: an owner writes plans and looks after members, others read; money is the shop's."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.console.fake import ZONE, FakeWorkspace
from tests.console.shops import issued, written

from wotu.accounts import audit
from wotu.loyalty.membership import plan_services, services
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.models import Membership, PartnerCode, PartnerPool, Plan
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.pricing import Cart, Line

SignIn = Callable[..., Client]
DAY = timedelta(days=1)
LIST, NEW, PAGE = "/loyalty/plans/", "/loyalty/plans/new/", "/loyalty/plans/of/plus/"
EDIT, ACT = f"{PAGE}edit/", f"{PAGE}act/"
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")
FORM = {
    "name": "PLUS <b>", "code": "plus", "product_id": "plus-card", "price": "99", "months": "12", "days": "",
    "trial": "14", "grace": "7", "renews": "yes", "notice": "5", "price_off": "5", "percent": "150", "shipping": "yes",
}  # fmt: skip


def bought(customer: int = 42, order: str = "card") -> int:
    """A year of ``plus`` for $99; the number of the membership."""
    now = timezone.now()
    cart = Cart(lines=(Line(line_id="1", product_id="plus-card", quantity=1, unit_price=9_900),), now=0, currency="USD")
    order_services.hold(order, customer, cart, until=now + DAY, now=now, zone=ZONE)
    order_services.pay(order, now=now)
    return Membership.objects.latest("pk").pk


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    page = response.content.decode()
    assert page.count("<h1") == 1
    assert _INLINE.search(page) is None
    assert "{{" not in page
    assert "<b>&" not in page
    return html.unescape(page)


def test_an_owner_writes_a_plan_from_a_start_and_everybody_reads_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    assert "No plan yet" in text(owner, LIST)
    assert 'name="trial" value="14"' in text(owner, f"{NEW}?from=trial")
    assert owner.post(NEW, FORM).status_code == 302
    row = Plan.objects.get()
    assert (row.price, row.currency, row.months, row.trial_days, row.grace_days) == (9_900, "USD", 12, 14, 7)
    assert row.benefits == {"multiplier": 150, "price_off": 500, "free_shipping": True, "coupons": []}
    bought()
    for role, language, words in (("viewer", "en", "5% off"), ("marketer", "zh-hans", "9.5 折")):
        client = sign_in(role, language=language)
        assert words in text(client, LIST).replace("9.5折", "9.5 折")
        assert EDIT not in text(client, PAGE)
    assert [each.detail["what"] for each in audit.about(["plus"])] == ["create"]


@pytest.mark.parametrize("role", ["viewer", "analyst", "marketer"])
def test_only_who_approves_budgets_changes_anything(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    sign_in("owner").post(NEW, FORM)
    number, client = bought(), sign_in(role)
    for response in (
        client.get(NEW), client.post(NEW, FORM | {"code": "b"}), client.get(EDIT), client.post(EDIT, FORM),
        client.post(ACT, {"do": "withdraw"}),
    ):  # fmt: skip
        assert response.status_code == 403
    if role != "marketer":
        for response in (
            client.post(f"/loyalty/memberships/{number}/end/"), client.post(ACT, {"do": "pool", "name": "Cinema"}),
            client.post(ACT, {"do": "codes", "codes": "A"}),
        ):  # fmt: skip
            assert response.status_code == 403
    assert not PartnerPool.objects.exists()
    assert (Plan.objects.get().offered, Membership.objects.get().cuts) == (True, [])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Write 1 to 120 characters."), ({"price": ""}, "Write an amount such as"),
        ({"months": ""}, "Write how long it lasts"), ({"notice": "4"}, "tell them at least 5 days before"),
        ({"notice": "4"}, "article 18, in force since 2021-05-01"),
        ({"percent": "90"}, "Write a whole number from 100"),
        ({"price_off": "200"}, "Write a percentage"), ({"code": "A b"}, "no other plan may have the same"),
        ({"count_1": "2"}, "Choose one of the options."), ({"coupon_1": "99"}, "There is no such coupon template."),
        ({"trial": "999"}, "Write a whole number from 0 to 366"),
        ({"coupon_1": "7", "coupon_2": "7"}, "Choose each kind of coupon once."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    space: FakeWorkspace, sign_in: SignIn, typed: dict[str, str], words: str
) -> None:
    written()
    response = sign_in("owner").post(NEW, FORM | typed)
    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert words in page
    assert "plus-card" in page
    assert not Plan.objects.exists()


def test_an_edit_keeps_what_is_settled_and_what_members_paid_for(space: FakeWorkspace, sign_in: SignIn) -> None:
    kind, owner = written(), sign_in("owner")
    owner.post(NEW, FORM | {"coupon_1": str(kind), "count_1": "2"})
    page = owner.get(EDIT).content.decode()
    typed = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', page)) | {"renews": "yes", "shipping": "yes"}
    assert owner.post(EDIT, typed | {"name": "PLUS", "coupon_1": str(kind)}).status_code == 302
    assert Plan.objects.get().benefits["coupons"] == [{"template": kind, "count": 2}]

    before = bought()
    response = owner.post(EDIT, typed | {"name": "PLUS", "price_off": "4", "coupon_1": str(kind)})
    assert response.status_code == 422
    assert "Members have paid for a benefit" in response.content.decode()
    more = typed | {"price": "120", "months": "6", "price_off": "10", "coupon_1": str(kind), "code": "x", "grace": "1",
                    "product_id": "y"}  # fmt: skip
    assert owner.post(EDIT, more).status_code == 302
    row = Plan.objects.get()
    assert (row.code, row.product_id, row.grace_days) == ("plus", "plus-card", 7)
    assert (row.price, row.months, row.benefits["price_off"]) == (12_000, 6, 1_000)
    term = Membership.objects.get(pk=before)
    assert (term.months, (term.after - term.first).days >= 365) == (12, True)


def test_a_plan_is_withdrawn_and_offered_again(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    owner.post(NEW, FORM)
    assert owner.post(ACT, {"do": "withdraw"}).status_code == 302
    assert "Withdrawn" in text(owner, LIST)
    assert "no trial begins any more" in text(owner, f"{PAGE}?done=withdraw")
    assert owner.post(ACT, {"do": "offer"}).status_code == 302
    assert Plan.objects.get().offered
    assert owner.post(ACT, {"do": "sell"}).status_code == 422
    assert [each.detail["what"] for each in audit.about(["plus"])] == ["create", "withdraw", "offer"]


def test_members_trials_and_renewals_are_counted_and_found(space: FakeWorkspace, sign_in: SignIn) -> None:
    now, owner = timezone.now(), sign_in("owner")
    owner.post(NEW, FORM | {"months": "", "days": "20"})
    bought(42)
    services.start_trial(7, "plus", now=now)
    services.start_trial(8, "plus", now=now - 20 * DAY)
    services.start_trial(9, "plus", now=now - 20 * DAY)
    bought(9, "after-trial")
    page = text(sign_in("analyst"), PAGE)
    for words in ("1 on trial", "$198.00 if nobody stops", "50.0%", "1 of 2 trials that are over"):
        assert words in page
    client = sign_in("marketer")
    rows = {state: _customers(text(client, f"{PAGE}?state={state}")) for state in
            ("", "running", "trial", "renews", "later", "ended", "what")}  # fmt: skip
    assert rows == {
        "": ["c9", "c9", "c8", "c7", "c42"], "running": ["c9", "c7", "c42"], "trial": ["c7"], "renews": ["c9", "c42"],
        "later": [], "ended": ["c9", "c8"], "what": ["c9", "c9", "c8", "c7", "c42"],
    }  # fmt: skip
    assert _customers(text(client, f"{PAGE}?who=c42")) == ["c42"]
    assert "Nobody fits." in text(client, f"{PAGE}?who=nobody")


def test_members_are_taken_away_as_a_file(space: FakeWorkspace, sign_in: SignIn) -> None:
    sign_in("owner").post(NEW, FORM)
    bought(42)
    services.give(7, "plus", key="k", now=timezone.now())
    analyst = sign_in("analyst")
    response = analyst.get(f"{PAGE}members.csv")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["c7", "c42"]
    assert lines[2].endswith(",yes,99.00,USD")
    assert sign_in("viewer").get(f"{PAGE}members.csv").status_code == 403
    renewing = analyst.get(f"{PAGE}members.csv?state=renews")
    assert len(b"".join(renewing.streaming_content).splitlines()) == 2


def test_the_report_tells_what_benefits_cost(space: FakeWorkspace, sign_in: SignIn) -> None:
    sign_in("owner").post(NEW, FORM)
    bought(42)
    now = timezone.now()
    cart = Cart(lines=(Line(line_id="1", product_id="p", quantity=1, unit_price=10_000),), now=0, currency="USD",
                shipping=800)  # fmt: skip
    order_services.hold("o", 42, cart, until=now + DAY, now=now, zone=ZONE)
    order_services.pay("o", now=now)
    page = text(sign_in("viewer"), f"{PAGE}?days=90")
    for words in ("100.0%", "1 of 1 members", "$13.00", "$5.00", "$8.00"):
        assert words in page


def test_codes_of_partners_come_as_a_file_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    owner.post(NEW, FORM)
    assert owner.post(ACT, {"do": "pool", "name": "Cinema", "period": "month", "low_at": "5"}).status_code == 302
    pool = PartnerPool.objects.get()

    def send(content: bytes, **more: str) -> Any:
        file = SimpleUploadedFile("codes.csv", content, content_type="text/csv")
        return owner.post(ACT, {"do": "codes", "pool": str(pool.pk), "file": file, **more})

    response = send(b'\xef\xbb\xbfcode\r\nA1\r\n"B2"\r\nA1\r\n', codes="C3\n")
    assert response.headers["Location"].endswith("?done=codes&added=3")
    assert set(PartnerCode.objects.values_list("code", flat=True)) == {"A1", "B2", "C3"}
    assert "Few codes of Cinema are left: 3." in text(owner, LIST)
    for refused, words in (
        (send(b"\xff\xfe"), "no text file in UTF-8"), (send(b"x" * 201), "Give 1 to 100,000 codes"),
        (send(b" \n"), "Give 1 to 100,000 codes"),
        (send(b"A", pool="0"), "Choose one of the options."),
        (owner.post(ACT, {"do": "pool", "name": " ", "period": "month"}), "Write 1 to 120 characters."),
        (owner.post(ACT, {"do": "pool", "name": "B", "period": "month", "low_at": "many"}), "Write a whole number"),
    ):  # fmt: skip
        assert refused.status_code == 422
        assert words in refused.content.decode()
    assert PartnerCode.objects.count() == 3


def test_a_membership_ends_today_beside_what_is_due(space: FakeWorkspace, sign_in: SignIn) -> None:
    kind, owner = written(), sign_in("owner")
    owner.post(NEW, FORM | {"months": "", "days": "100", "coupon_1": str(kind)})
    number = bought(42)
    address = f"/loyalty/memberships/{number}/"
    page = text(sign_in("analyst"), address)
    assert "$98.01" in page
    assert "99 of 100 days unused, $99.00 paid" in page
    assert "End it today" not in page
    assert "End it today" in text(sign_in("marketer"), address)
    assert address in text(owner, "/loyalty/members/c42/")
    assert owner.post(f"{address}end/").status_code == 302
    assert owner.post(f"{address}end/").status_code == 302
    assert (Membership.objects.get().cuts[0]["left"], len(Membership.objects.get().cuts)) == (0, 1)
    page = text(owner, f"{address}?done=ended")
    assert "End it today" not in page
    assert owner.get("/loyalty/memberships/999/").status_code == 404
    assert [each.detail.get("repeated", False) for each in audit.about([str(number)])] == [False, True]
    assert issued(kind) > 0


def test_a_plan_that_the_form_cannot_tell_is_left_alone(space: FakeWorkspace, sign_in: SignIn) -> None:
    kinds = [written(f"c{number}") for number in range(4)]
    brings = Benefits(coupons=tuple(MonthlyCoupon(template=kind) for kind in kinds))
    plan_services.create_plan(
        "PLUS", code="plus", product_id="p", price=1, months=1, by="ann", now=timezone.now(), benefits=brings,
        currency="USD",
    )  # fmt: skip
    owner = sign_in("owner")
    assert EDIT not in text(owner, PAGE)
    assert owner.get(EDIT).status_code == 302
    assert owner.get("/loyalty/plans/of/none/").status_code == 404


def _customers(page: str) -> list[str]:
    """The customers of the table of members, in its order."""
    table = page.partition('class="cards-on-phone units terms"')[2].partition("</table>")[0]
    return re.findall(r"(?:<span class=\"sub\">|/\">)(c\d+)<", table)
