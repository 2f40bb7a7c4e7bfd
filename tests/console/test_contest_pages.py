"""Loyalty, Contests: written, watched, settled once and exported by whoever may; names are masked."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace
from tests.console.test_programme_pages import _INLINE
from tests.console.test_receipt_pages import campaign

from wotu.accounts import audit
from wotu.ledger import services as ledger
from wotu.ledger.limit_services import resize_limit
from wotu.ledger.rules import Cause
from wotu.loyalty.contests import services
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.models import Campaign, Contest, ContestAward, ContestEntry
from wotu.loyalty.programme.services import Rules, create_programme

SignIn = Callable[..., Client]
PAGE = "/loyalty/contests/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _club(db: None) -> None:
    create_programme("Club", Rules(), zone="UTC", by="ann", now=timezone.now() - 60 * DAY, currency="USD")


def form(**changed: str) -> dict[str, str]:
    day = timezone.now().date()
    first, last = (day + DAY).isoformat(), (day + 8 * DAY).isoformat()
    return {"campaign": "tea", "name": "March <b>", "metric": "spent", "tie": "shared", "starts": first, "ends": last,
            "wait": "7", "first_1": "1", "points_1": "100", "first_2": "2", "last_2": "3", "points_2": "10",
            **changed}  # fmt: skip


def over() -> int:
    """A contest over points whose cut-off has passed; 42 has earned more of them than 41."""
    now = timezone.now()
    starts = now - 20 * DAY
    made = services.create_contest(
        campaign(), "March <i>", "points", [Prize(first=1, last=2, points=100)], starts_at=starts,
        ends_at=now - 10 * DAY, cut_off=now - DAY, by="ann", now=now,
    )  # fmt: skip
    for customer, amount in ((42, 50), (41, 30)):
        ContestEntry.objects.create(contest_id=made, customer=customer, nickname=f"<u>{customer}", joined_at=starts)
        cause = Cause("gift", 1, f"g{customer}", f"c{customer}", "gift")
        ledger.grant(cause, customer=customer, unit="points", amount=amount, now=starts + DAY)
    return made


def test_a_marketer_writes_a_contest_and_everybody_reads_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    marketer = sign_in("marketer")
    assert "No contest yet" in marketer.get(PAGE).content.decode()
    assert "First a campaign" in marketer.get(f"{PAGE}new/").content.decode()
    campaign()
    answer = marketer.post(f"{PAGE}new/", form())
    assert answer.status_code == 302
    row = Contest.objects.get()
    assert row.prizes == [{"first": 1, "last": 1, "points": 100, "template": None},
                          {"first": 2, "last": 3, "points": 10, "template": None}]  # fmt: skip
    assert (row.ends_at - row.starts_at, row.cut_off - row.ends_at) == (8 * DAY, 7 * DAY)
    page = sign_in("viewer").get(f"{PAGE}{row.pk}/").content.decode()
    for words in ("March &lt;b&gt;", "Starts later", "Places 2 to 3", "100 points"):
        assert words in page, words
    assert _INLINE.search(page) is None
    assert "March &lt;b&gt;" in marketer.get(PAGE).content.decode()
    assert [each.detail["what"] for each in audit.about(["tea"])] == ["contest"]
    assert sign_in("analyst").get(f"{PAGE}new/").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [{"campaign": "x"}, {"name": ""}, {"metric": "luck"}, {"metric": "event"}, {"tie": "dice"}, {"starts": ""},
     {"ends": "2020-01-01"}, {"wait": "400"}, {"first_1": "", "first_2": ""}, {"points_1": ""}, {"last_2": "1"},
     {"first_2": "1"}, {"first_1": "1001"}, {"template_1": "999"},
     {"metric": "event", "event": "Shared", "starts": "2020-01-01"}],
)  # fmt: skip
def test_a_contest_that_cannot_be_is_refused(space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str]) -> None:
    campaign()
    answer = sign_in("owner").post(f"{PAGE}new/", form(**wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Contest.objects.exists()


def test_dear_prizes_are_for_an_owner(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign()
    assert sign_in("marketer").post(f"{PAGE}new/", form(points_1="999999999")).status_code == 422
    assert not Contest.objects.exists()
    assert sign_in("owner").post(f"{PAGE}new/", form(points_1="999999999")).status_code == 302


def test_an_event_is_counted_from_today_on(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign()
    today = timezone.localdate(timezone=ZoneInfo("America/New_York"))
    answer = sign_in("owner").post(f"{PAGE}new/", form(metric="event", event="Shared", starts=today.isoformat()))
    assert answer.status_code == 302
    assert Contest.objects.get().event == "Shared"


def test_it_is_counted_settled_once_and_exported(space: FakeWorkspace, sign_in: SignIn) -> None:
    made, marketer = over(), sign_in("marketer")
    act = f"{PAGE}{made}/act/"
    assert marketer.post(act, {"do": "count"}).status_code == 302
    page = marketer.get(f"{PAGE}{made}/").content.decode()
    for words in ("To be settled", "&lt;u&gt;42", "Settle and give the prizes", 'href="/loyalty/members/c42/"'):
        assert words in page, words
    for _ in range(2):
        assert marketer.post(act, {"do": "settle"}).status_code == 302
    assert ContestAward.objects.count() == 2
    entry = ContestEntry.objects.get(customer=42)
    assert marketer.post(act, {"do": "nickname", "entry": entry.pk}).status_code == 302
    assert marketer.post(act, {"do": "eat"}).status_code == 422
    assert "c42" not in sign_in("viewer").get(f"{PAGE}{made}/").content.decode()
    body = b"".join(sign_in("analyst").get(f"{PAGE}{made}/places.csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["Place"], row["Shown as"], row["Score"], row["Points"]) for row in rows] == [
        ("1", "**", "50", "100"), ("2", "<u>41", "30", "100"),
    ]  # fmt: skip
    assert sign_in("owner").get(f"{PAGE}{made}/places.pdf").status_code == 404


def test_money_is_exported_as_a_spreadsheet_counts_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    made = over()
    Contest.objects.filter(pk=made).update(metric="spent")
    ContestEntry.objects.filter(customer=42).update(score=1_250, place=1)
    body = b"".join(sign_in("analyst").get(f"{PAGE}{made}/places.csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    assert [row["Score"] for row in csv.DictReader(io.StringIO(body))] == ["12.50", "0.00"]


def test_before_the_cut_off_it_is_not_settled(space: FakeWorkspace, sign_in: SignIn) -> None:
    made = over()
    Contest.objects.filter(pk=made).update(cut_off=timezone.now() + DAY)
    client = sign_in("owner")
    assert "Settle and give" not in client.get(f"{PAGE}{made}/").content.decode()
    answer = client.post(f"{PAGE}{made}/act/", {"do": "settle"})
    assert answer.status_code == 422
    assert "after the cut-off" in answer.content.decode()
    assert not ContestAward.objects.exists()
    assert sign_in("analyst").post(f"{PAGE}{made}/act/", {"do": "settle"}).status_code == 403


def test_an_empty_page_has_one_way_to_write_the_first(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign()
    marketer = sign_in("marketer")
    for page, new in ((PAGE, f"{PAGE}new/"), ("/loyalty/receipts/", "/loyalty/receipts/new/"),
                      ("/loyalty/samples/", "/loyalty/samples/new/")):  # fmt: skip
        assert marketer.get(page).content.decode().count(f'href="{new}"') == 1, page


def test_a_prize_for_no_place_is_said_and_not_lost(space: FakeWorkspace, sign_in: SignIn) -> None:
    campaign()
    marketer = sign_in("marketer", language="zh-hans")
    answer = marketer.post(f"{PAGE}new/", form(points_3="500"))
    assert (answer.status_code, Contest.objects.count()) == (422, 0)
    assert "请填写哪个名次获得这份奖励" in answer.content.decode()


def test_a_nickname_of_another_contest_is_not_taken_away_here(space: FakeWorkspace, sign_in: SignIn) -> None:
    made = over()
    other = Contest.objects.get(pk=made)
    other.pk = None
    other.save(force_insert=True)
    entry = ContestEntry.objects.filter(contest=made).first()
    assert entry is not None
    sign_in("owner").post(f"{PAGE}{other.pk}/act/", {"do": "nickname", "entry": str(entry.pk)})
    assert ContestEntry.objects.get(pk=entry.pk).nickname == entry.nickname


def test_a_file_tells_customers_to_those_alone_who_may_know_them(space: FakeWorkspace, sign_in: SignIn) -> None:
    made = over()
    services.count(made, now=timezone.now())
    told = [b"".join(sign_in(role).get(f"{PAGE}{made}/places.csv").streaming_content) for role in ("analyst", "owner")]
    assert [b",c42," in each for each in told] == [False, True]
    assert all(b"<u>42" in each for each in told)


def test_before_it_is_settled_the_page_says_what_the_budget_cannot_pay(space: FakeWorkspace, sign_in: SignIn) -> None:
    made = over()
    marketer = sign_in("marketer")
    page = marketer.get(f"{PAGE}{made}/").content.decode()
    assert "$2.00" in page
    assert "first places are paid first" not in page
    Campaign.objects.update(budget=150)
    account = Campaign.objects.get().budget_account
    assert account is not None
    resize_limit(Cause("test", 1, "less", "shop", "resize"), account, total=150, now=timezone.now())
    assert "first places are paid first" in marketer.get(f"{PAGE}{made}/").content.decode()
    assert marketer.post(f"{PAGE}{made}/act/", {"do": "settle"}).status_code == 302
    page = marketer.get(f"{PAGE}{made}/").content.decode()
    assert "not given: The budget of the campaign has less left than this costs." in page
    assert set(ContestAward.objects.values_list("state", "points")) == {("given", 100), ("refused", 100)}
