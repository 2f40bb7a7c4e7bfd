"""Loyalty, Samples: offered, handed out and turned down by whoever may; what followed is told with its interval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace
from tests.console.test_programme_pages import _INLINE
from tests.console.test_receipt_pages import campaign

from wotu.accounts import audit
from wotu.loyalty.models import SampleOffer, SampleRequest
from wotu.loyalty.samples import services
from wotu.loyalty.samples.rules import Following

SignIn = Callable[..., Client]
PAGE = "/loyalty/samples/"
FORM = {"campaign": "tea", "name": "Tea <b>", "product_id": "tea", "pieces": "5", "tiers": "gold, silver",
        "remind_after": "7", "measure": "30"}  # fmt: skip


def asked(*customers: int) -> list[int]:
    now = timezone.now() - timedelta(days=40)
    if not SampleOffer.objects.exists():
        following = Following(remind_after=7, measure=30)
        services.create_offer(campaign(), "Tea <i>", "tea", 50, following, by="ann", now=now)
    offer = SampleOffer.objects.get().pk
    return [services.ask(offer, customer, now=now).request for customer in customers]


def test_a_marketer_offers_samples_and_everybody_reads_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    marketer = sign_in("marketer")
    assert "No samples yet" in marketer.get(PAGE).content.decode()
    assert "First a campaign" in marketer.get(f"{PAGE}new/").content.decode()
    campaign()
    assert marketer.post(f"{PAGE}new/", FORM).status_code == 302
    row = SampleOffer.objects.get()
    assert (row.pieces, row.tiers, row.remind_after, row.measure) == (5, ["gold", "silver"], 7, 30)
    for role, language in (("viewer", "en"), ("marketer", "zh-hans")):
        page = sign_in(role, language=language).get(PAGE).content.decode()
        assert "Tea &lt;b&gt;" in page
        assert _INLINE.search(page) is None
    assert sign_in("analyst").get(f"{PAGE}new/").status_code == 403
    assert [each.detail["what"] for each in audit.about(["tea"])] == ["sample_offer"]


@pytest.mark.parametrize(
    "wrong",
    [{"campaign": "x"}, {"name": ""}, {"product_id": ""}, {"pieces": "0"}, {"pieces": ""}, {"remind_after": "0"},
     {"measure": "367"}, {"tiers": "x" * 121}, {"tiers": "x" * 41}],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str]) -> None:
    campaign()
    answer = sign_in("owner").post(f"{PAGE}new/", FORM | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not SampleOffer.objects.exists()


def test_samples_are_handed_out_and_turned_down(space: FakeWorkspace, sign_in: SignIn) -> None:
    first, second = asked(42, 41)
    marketer = sign_in("marketer")
    page = marketer.get(PAGE).content.decode()
    assert "c42" in page
    assert "Handed over" in page
    for _ in range(2):
        assert marketer.post(f"{PAGE}{first}/decide/", {"do": "shipped"}).status_code == 302
    assert SampleRequest.objects.get(pk=first).handed_over == "shipped"
    for wrong in ({"do": "eat"}, {"do": "turn_down"}, {"do": "turn_down", "reason": "x" * 201}):
        assert marketer.post(f"{PAGE}{second}/decide/", wrong).status_code == 422
    assert marketer.post(f"{PAGE}{second}/decide/", {"do": "turn_down", "reason": "Not there"}).status_code == 302
    assert marketer.post(f"{PAGE}{second}/decide/", {"do": "handed"}).status_code == 422
    assert "Not there" in marketer.get(f"{PAGE}?state=turned_down").content.decode()
    assert SampleRequest.objects.get(pk=second).state == "turned_down"
    assert sign_in("analyst").post(f"{PAGE}{first}/decide/", {"do": "handed"}).status_code == 403
    assert marketer.post(f"{PAGE}999/decide/", {"do": "handed"}).status_code == 404


def test_what_followed_is_told_with_its_interval_and_as_no_cause(space: FakeWorkspace, sign_in: SignIn) -> None:
    for request in asked(42, 41):
        services.hand_out(request, "handed", by="ann", now=timezone.now() - timedelta(days=40))
    services.hand_out(asked(40)[0], "handed", by="ann", now=timezone.now())
    page = sign_in("viewer").get(PAGE).content.decode()
    for words in ("not what the sample caused", "0 of 2", "1 still has time", "to 65.8%"):
        assert words in page, words
