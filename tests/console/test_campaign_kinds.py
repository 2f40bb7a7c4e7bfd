"""A campaign gives more than one kind of coupon; promotions with times of their own stand in the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.console.fake import FakeWorkspace
from tests.console.shops import written
from tests.console.test_loyalty_pages import FORM, SignIn

from wotu.accounts import audit
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.models import Campaign, CouponTemplate
from wotu.loyalty.promotions.services import Slot, Terms, create_promotion, end_promotion

PAGE, NEW = "/loyalty/campaigns/of/spring/", "/loyalty/campaigns/of/spring/kinds/new/"
KIND = FORM | {"coupon_name": "Five off", "amount": "5", "name": "Other", "budget": "9", "ends": "2020-01-01"}


@pytest.mark.parametrize("live", [False, True])
def test_another_kind_is_added_and_the_campaign_stays_as_it_is(
    space: FakeWorkspace, sign_in: SignIn, live: bool
) -> None:
    written(live=live)
    before, client = Campaign.objects.values().get(), sign_in("marketer")
    assert NEW in client.get(PAGE).content.decode()
    form = client.get(NEW).content.decode()
    assert re.findall(r'<input type="hidden" name="(budget|name)" value="([^"]*)"', form) == [
        ("name", "Spring &lt;b&gt;&amp;"), ("budget", "500.00"),
    ]  # fmt: skip
    wrong = client.post(NEW, KIND | {"amount": "much"})
    assert (wrong.status_code, CouponTemplate.objects.count()) == (422, 1)
    assert client.post(NEW, KIND)["Location"] == f"{PAGE}?done=saved"
    assert Campaign.objects.values().get() == before
    assert [row.name for row in CouponTemplate.objects.order_by("pk")] == ["Ten off", "Five off"]
    page = client.get(PAGE).content.decode()
    assert page.index("Ten off") < page.index("Five off")
    assert audit.about(["spring"])[-1].detail["what"] == "coupon_template"


def test_who_may_not_promise_without_a_limit_adds_no_kind_to_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    written(budget=None)
    refused = sign_in("marketer").post(NEW, KIND)
    assert (refused.status_code, CouponTemplate.objects.count()) == (422, 1)
    assert sign_in("owner").post(NEW, KIND).status_code == 302


def test_viewers_and_campaigns_that_are_over_have_no_such_form(space: FakeWorkspace, sign_in: SignIn) -> None:
    written()
    viewer = sign_in("viewer")
    assert NEW not in viewer.get(PAGE).content.decode()
    assert (viewer.get(NEW).status_code, viewer.post(NEW, KIND).status_code) == (403, 403)
    campaign_services.end(Campaign.objects.get().pk)
    owner = sign_in("owner")
    for response in (owner.get(NEW), owner.post(NEW, KIND)):
        assert response["Location"] == PAGE
    assert CouponTemplate.objects.count() == 1


def test_promotions_with_times_of_their_own_stand_in_the_calendar(space: FakeWorkspace, sign_in: SignIn) -> None:
    written(live=False)
    number, rule = Campaign.objects.get().pk, {"effect": {"type": "percent", "rate": 1_000}, "currency": "USD"}
    now = datetime(2026, 3, 1, tzinfo=UTC)
    times = [Slot(starts_at=datetime(2026, 3, day, 15, tzinfo=UTC), ends_at=datetime(2026, 3, day, 17, tzinfo=UTC))
             for day in (10, 12)]  # fmt: skip
    made: dict[str, Any] = {"by": "ann", "now": now}
    flash = create_promotion(number, Terms("Flash", rule, slots=times), **made)
    create_promotion(number, Terms("As long", rule), **made)
    campaign_services.launch(number, by="ann", now=now)
    client, march = sign_in("viewer"), "/loyalty/calendar/?month=2026-03"
    page = client.get(march).content.decode()
    assert page.index("Promotions</th>") < page.index("Flash")
    assert "Mar 10, 2026 to Mar 12, 2026, from 11:00 to 13:00" in page
    assert "As long" not in page
    assert "Flash" not in client.get("/loyalty/calendar/?month=2026-04").content.decode()
    end_promotion(flash, now=now)
    assert "is-ended" in client.get(march).content.decode()
