"""Plans change for those who buy next, and for the better for those who are in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy
from tests.loyalty.test_membership import PLUS, card, plan, terms

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings
from wotu.loyalty.membership import plan_member_reads, plan_services, services
from wotu.loyalty.membership.benefits import Benefits
from wotu.loyalty.membership.plan_member_reads import Now, PlanFigures
from wotu.loyalty.membership.plan_services import Terms
from wotu.loyalty.models import Plan
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db
AS_IT_IS = Terms(name="PLUS", price=12_000, months=12, brings=PLUS)
LESS = Benefits(multiplier=150, price_off=900, free_shipping=True)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def test_the_same_again_changes_nothing_and_a_change_is_for_who_buys_next() -> None:
    plan()
    assert not plan_services.change_plan("plus", AS_IT_IS, now=NOW)
    buy("o1", 7, card())
    assert plan_services.change_plan("plus", replace(AS_IT_IS, months=1, price=1_000), now=NOW)
    buy("o2", 8, card(price=1_000))
    assert terms() == [(date(2026, 3, 1), date(2027, 3, 1))]
    assert terms(8) == [(date(2026, 3, 1), date(2026, 4, 1))]


@pytest.mark.parametrize(
    "brings", [LESS, Benefits(), Benefits(multiplier=200, price_off=1_000), Benefits(multiplier=149, price_off=5_000)]
)
def test_a_benefit_is_not_taken_from_who_paid_for_it(brings: Benefits) -> None:
    plan()
    buy("o1", 7, card())
    before = Plan.objects.values().get()
    with pytest.raises(WotuError) as refused:
        plan_services.change_plan("plus", replace(AS_IT_IS, name="Other", brings=brings), now=NOW)
    assert (refused.value.code, refused.value.given) == (ErrorCode.LIMIT_REACHED, {"refusal": "benefit_taken"})
    assert Plan.objects.values().get() == before
    order_services.give_back("o1", "r", {"plus-card": 1}, now=NOW)
    assert plan_services.change_plan("plus", replace(AS_IT_IS, brings=brings), now=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [({"name": " "}, "name", "invalid_argument"), ({"price": -1}, "price", "invalid_argument"),
     ({"months": 0}, "months", "invalid_argument"), ({"trial_days": 367}, "trial_days", "invalid_argument"),
     ({"renews": True, "notice_days": 4}, "notice_days", "launch_refused")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_the_plan(change: dict[str, Any], field: str, code: str) -> None:
    plan()
    before = Plan.objects.values().get()
    with pytest.raises(WotuError) as refused:
        plan_services.change_plan("plus", replace(AS_IT_IS, **change), now=NOW)
    assert (refused.value.field, refused.value.code.value) == (field, code)
    assert Plan.objects.values().get() == before


def test_figures_count_people_once_and_renewals_that_nothing_follows() -> None:
    plan(months=1, renews=True, trial_days=5)
    assert plan_member_reads.figures(NOW) == {}
    services.start_trial(6, "plus", now=NOW)
    services.start_trial(7, "plus", now=NOW)
    buy("o1", 7, card(), at=NOW + timedelta(days=1))
    buy("o2", 8, card())
    buy("o3", 8, card())
    later = NOW + timedelta(days=6)
    # Seven's renewal is due; eight has bought the next month already, so only its last term would renew, later.
    assert plan_member_reads.figures(later)["plus"] == PlanFigures(
        members=2, trials=0, renewals=1, renewals_amount=12_000, trials_over=2, trials_led=1
    )
    assert plan_member_reads.figures(NOW)["plus"].trials == 2
    assert PlanFigures().trial_share is None


def test_terms_are_read_in_pages_newest_first() -> None:
    plan(months=1)
    for customer in range(1, 6):
        services.give(customer, "plus", key=str(customer), now=NOW)
    first = plan_member_reads.terms("plus", now=NOW, limit=3)
    second = plan_member_reads.terms("plus", now=NOW, limit=3, before=first.next)
    assert [each.customer for each in (*first.rows, *second.rows)] == [5, 4, 3, 2, 1]
    assert (second.next, {each.now for each in first.rows}) == (None, {Now.RUNNING})
    assert [each.customer for each in plan_member_reads.every_term("plus", now=NOW)] == [5, 4, 3, 2, 1]
    assert plan_member_reads.count("plus", now=NOW, state="ended") == 0
    assert plan_member_reads.terms("plus", now=NOW, state="what").rows == ()
    with pytest.raises(WotuError) as refused:
        plan_member_reads.terms("plus", now=NOW, before="x")
    assert refused.value.field == "before"
