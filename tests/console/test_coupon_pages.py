"""Loyalty, coupons: made as codes, given, looked up, explained and made void, by whoever may."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import ZONE, FakeWorkspace
from tests.console.shops import issued, used, written

from wotu.accounts import audit
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import CodeBatch, Coupon

SignIn = Callable[..., Client]


def test_codes_are_made_and_downloaded_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    client, kind = sign_in("marketer"), written()
    form = {"do": "codes", "kind": str(kind), "count": "40", "name": "Flyers", "prefix": "sp"}
    for wrong in ({"count": "0"}, {"count": "1e3"}, {"name": ""}, {"prefix": "a-b"}, {"kind": "x"}, {"count": "101"}):
        response = client.post("/loyalty/campaigns/of/spring/act/", form | wrong)
        assert response.status_code == 422, wrong
        assert 'role="alert"' in response.content.decode()
        assert Coupon.objects.count() == CodeBatch.objects.count() == 0
    assert client.post("/loyalty/campaigns/of/spring/act/", form).status_code == 302

    batch = CodeBatch.objects.get().pk
    response = client.post(f"/loyalty/batches/{batch}/codes/")
    lines = response.content.decode().split()
    assert lines[0] == "code"
    assert len(set(lines[1:])) == 40
    assert all(each.startswith("SP") for each in lines[1:])
    again = client.post(f"/loyalty/batches/{batch}/codes/")
    assert again.status_code == 422
    assert "downloaded before" in again.content.decode()
    (export,) = audit.entries(action="export").rows
    assert (export.target, export.detail) == (f"batch {batch}", {"kind": "csv", "rows": 40})
    found = client.get("/loyalty/coupons/", {"q": lines[1].lower().replace("-", " ")})
    assert found["Location"] == f"/loyalty/coupons/{Coupon.objects.earliest('pk').pk}/"


def test_coupons_are_exported_without_their_codes(space: FakeWorkspace, sign_in: SignIn) -> None:
    kind = written()
    issued(kind)
    coupon_services.make_codes(kind, 2, name="Flyers", by="ann", now=timezone.now(), zone=ZONE)
    client = sign_in("analyst")
    body = b"".join(client.get("/loyalty/campaigns/of/spring/coupons.csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [row["State"] for row in rows] == ["Ready to use"] * 3
    assert [row["Customer ID"] for row in rows] == ["", "", "c42"]
    for code in Coupon.objects.exclude(code=None).values_list("code", flat=True):
        assert code is not None
        assert code not in body
        assert f"…{code[-4:]}" in body
    file = b"".join(client.get("/loyalty/campaigns/of/spring/coupons.xlsx?state=voided"))  # type: ignore[arg-type]
    assert file.startswith(b"PK")
    assert client.get("/loyalty/campaigns/of/spring/coupons.pdf").status_code == 404
    assert sign_in("viewer").get("/loyalty/campaigns/of/spring/coupons.csv").status_code == 403


def test_a_coupon_says_why_it_cannot_be_used_and_what_was_done(space: FakeWorkspace, sign_in: SignIn) -> None:
    client, kind = sign_in("marketer"), written()
    coupon = issued(kind)
    used(coupon)
    page = client.get(f"/loyalty/coupons/{coupon}/").content.decode()
    for words in ("It cannot be used now: It has been used.", "<code>already_used</code>", "Used for order o-1",
                  "Came to the customer", 'href="/loyalty/members/c42/"'):  # fmt: skip
        assert words in page, words
    refused = client.post(f"/loyalty/coupons/{coupon}/")
    assert refused.status_code == 422
    assert Coupon.objects.get(pk=coupon).state == "redeemed"

    other = issued(kind, 41)
    assert client.post(f"/loyalty/coupons/{other}/").status_code == 302
    page = client.get(f"/loyalty/coupons/{other}/").content.decode()
    assert "It was made void." in page
    assert "Made void" in page
    assert "marketer-en" in page
    assert [each.action for each in audit.about(["c41"])] == ["void_coupon"]


def test_a_coupon_is_given_by_hand_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    client, kind = sign_in("marketer"), written()
    page = client.get("/loyalty/members/c42/").content.decode()
    (key,) = re.findall(r'name="key" value="([0-9a-f]{32})"', page)
    for _ in range(2):
        response = client.post("/loyalty/members/c42/give/", {"kind": kind, "key": key})
        assert response["Location"] == "/loyalty/members/c42/?done=given"
    assert Coupon.objects.filter(customer=42).count() == 1
    refused = client.post("/loyalty/members/c42/give/", {"kind": kind, "key": "a" * 32})
    assert refused.status_code == 422
    assert "had as many of these as one may have" in refused.content.decode()
    for wrong in ({"key": "x"}, {"kind": "999"}, {"kind": "a\x00"}):
        assert client.post("/loyalty/members/c42/give/", {"kind": kind, "key": "b" * 32} | wrong).status_code == 422
    assert Coupon.objects.count() == 1


def test_codes_are_for_who_may_read_identifiers_and_guessing_them_takes_time(
    space: FakeWorkspace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = written()
    coupon_services.make_codes(kind, 1, name="Flyers", by="ann", now=timezone.now(), zone=ZONE)
    coupon = Coupon.objects.get()
    assert coupon.code is not None
    viewer = sign_in("viewer")
    assert "Neither a code" in viewer.get("/loyalty/coupons/", {"q": coupon.code}).content.decode()
    page = viewer.get(f"/loyalty/coupons/{coupon.pk}/").content.decode()
    assert coupon.code not in page.replace("-", "")
    assert f"…{coupon.code[-4:]}" in page

    monkeypatch.setattr("wotu.loyalty.coupons.guessing.PER_CALLER", 2)
    marketer = sign_in("marketer")
    statuses = [marketer.get("/loyalty/coupons/", {"q": f"ABCDEF{each}"}).status_code for each in range(3)]
    assert statuses == [200, 200, 429]
    # A code that is one is refused too now: it would tell a guesser that it is.
    assert marketer.get("/loyalty/coupons/", {"q": coupon.code}).status_code == 429
