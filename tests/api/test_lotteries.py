"""Lotteries over the API: from the draft to the prize in somebody's hands; what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.api.addresses import LOTTERY
from tests.api.conftest import Api, refused

from wotu.accounts.models import AuditEntry
from wotu.loyalty.lottery import draft_services, reads, services
from wotu.loyalty.models import Draw, Lottery, Ticket, Win

WHEEL: dict[str, Any] = {
    "code": "wheel", **LOTTERY,
    "prizes": [
        {"name_zh": "茶壶", "name_en": "Teapot", "kind": "goods", "odds": "99%", "pieces": 3, "value": "99.00"},
        {"name_zh": "谢谢", "name_en": "Thanks", "kind": "thanks", "odds": "1/200"},
    ],
}  # fmt: skip


def test_from_the_draft_to_the_prize_in_somebodys_hands(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("marketer")
    written = api.post("lotteries", WHEEL, status=201)
    assert (written["state"], written["cost"], written["law"], written["nothing"]) == ("draft", "297.00", [], "1/200")
    assert [each["odds"] for each in written["prizes"]] == ["99/100", "1/200"]
    launched = api.post("lotteries/wheel/launch", {})
    assert (launched["running"], launched["seed"], len(launched["seed_sha256"])) == (True, "", 64)

    given = [api.post("lotteries/wheel/chances", {"customer": "ann", "key": "k", "count": 40}) for _ in range(2)]
    assert [(each["given"], each["had"], each["for_today"]) for each in given] == [(40, 40, 1), (0, 40, 1)]
    drawn = [api.post("lotteries/wheel/draws", {"customer": "ann", "key": f"d{turn}"}) for turn in range(40)]
    assert [each["outcome"] for each in drawn].count("won") == 3
    assert (drawn[0]["chances_left"], drawn[-1]["chances_left"]) == (40, 1)
    again = api.post("lotteries/wheel/draws", {"customer": "ann", "key": "d0"})
    assert again == {**drawn[0], "repeated": True, "chances_left": 1}

    waiting = api.get("lotteries/wheel/wins?open=true&limit=2")
    rest = api.get(f"lotteries/wheel/wins?open=true&limit=2&cursor={waiting['next']}")
    wins = [*waiting["items"], *rest["items"]]
    assert ([each["state"] for each in wins], rest["next"]) == (["to_hand"] * 3, None)
    done = [api.post(f"lottery-wins/{wins[0]['id']}/hand-out", {})["handed_out"] for _ in range(2)]
    assert (done, len(api.get("lotteries/wheel/wins?open=true")["items"])) == ([True, False], 2)
    told = api.get("lotteries/wheel")
    figures = told["figures"]
    assert (figures["draws"], figures["wins"], figures["winners"], figures["left"]) == (40, 3, 1, 0)
    assert (figures["cost"], figures["to_hand_out"], figures["chances_used"]) == ("297.00", 2, 40)

    more = api.post("lotteries/wheel/pieces", {"place": 0, "pieces": 2})
    assert (more["prizes"][0]["made"], more["prizes"][0]["free"]) == (5, 2)
    early = api("POST", "lotteries/wheel/end", {})
    assert (early.status_code, early.json()["error"]["reason"]) == (409, "too_early")
    ended = api.post("lotteries/wheel/end", {"because": "The shop moves."})
    assert (ended["state"], ended["prizes"][0]["withdrawn"], ended["ended_because"]) == ("ended", 2, "The shop moves.")
    assert len(ended["seed"]) == 64
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert {"edit_lottery", "launch_lottery", "give_chances", "hand_out_prize"} <= set(actions)


def test_the_law_and_the_approval_stand_before_the_launch(space: Any, as_role: Callable[..., Api]) -> None:
    dear = {"name_en": "Car", "kind": "goods", "odds": "1/100", "pieces": 1, "value": "50000.01"}
    written = as_role("marketer").post("lotteries", {**WHEEL, "prizes": [dear], "sponsor": ""}, status=201)
    assert written["law"] == ["sponsor_missing", "prize_too_high"]
    forbidden = as_role("marketer")("POST", "lotteries/wheel/launch", {})
    assert (forbidden.status_code, forbidden.json()["error"]["reason"]) == (403, "needs_approval")
    unlawful = as_role("owner")("POST", "lotteries/wheel/launch", {})
    assert (unlawful.status_code, unlawful.json()["error"]["reason"]) == (409, "sponsor_missing")
    assert (Lottery.objects.get().state, Ticket.objects.count()) == ("draft", 0)


def test_who_has_no_chance_draws_nothing(space: Any, as_role: Callable[..., Api]) -> None:
    api = as_role("owner")
    api.post("lotteries", {**WHEEL, "chances": []}, status=201)
    draft = api("POST", "lotteries/wheel/draws", {"customer": "ann", "key": "d"})
    assert (draft.status_code, draft.json()["error"]["reason"]) == (409, "not_running")
    api.post("lotteries/wheel/launch", {})
    none = api("POST", "lotteries/wheel/draws", {"customer": "ann", "key": "d"})
    assert (none.status_code, none.json()["error"]["reason"]) == (409, "no_chance")
    assert (Draw.objects.count(), Win.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prizes": []}, "prizes"), ({"prizes": [{"kind": "goods", "odds": "1/0", "pieces": 1}]}, "odds"),
        ({"prizes": [{"name_en": "A", "kind": "goods", "odds": "2/3", "pieces": 1}] * 2}, "odds"),
        ({"ends_at": "2019-01-01T00:00:00Z"}, "ends_at"), ({"code": "No"}, "code"),
        ({"prizes": [{"name_en": "A", "kind": "goods", "odds": "1/3", "pieces": 1, "value": "1.001"}]}, "value"),
    ],
)  # fmt: skip
def test_a_draft_that_cannot_be_is_refused(
    space: Any, as_role: Callable[..., Api], change: dict[str, Any], field: str
) -> None:
    refused(as_role("owner")("POST", "lotteries", {**WHEEL, **change}), 422, "invalid_argument", field)
    assert Lottery.objects.count() == 0


def test_who_may_launch_little_launches_no_more_than_was_looked_at(
    space: Any, as_role: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = as_role("marketer")
    api.post("lotteries", WHEEL, status=201)
    launch, add, looked_at = services.launch, services.add_pieces, reads.draft_of("wheel")

    def dearer(code: str, **given: Any) -> int:
        [teapot, _thanks] = looked_at.prizes
        draft_services.rewrite(code, replace(looked_at, prizes=(replace(teapot, pieces=110),)))
        return launch(code, **given)

    def added_before(code: str, place: int, pieces: int, **given: Any) -> int:
        add(code, place, 40, now=given["now"])
        return add(code, place, pieces, **given)

    monkeypatch.setattr(services, "launch", dearer)
    why = api("POST", "lotteries/wheel/launch", {})
    assert (why.status_code, why.json()["error"]["reason"], Ticket.objects.count()) == (403, "needs_approval", 0)
    monkeypatch.setattr(services, "launch", launch)
    draft_services.rewrite("wheel", looked_at)
    monkeypatch.setattr(services, "add_pieces", added_before)
    api.post("lotteries/wheel/launch", {})
    made = Ticket.objects.count()
    why = api("POST", "lotteries/wheel/pieces", {"place": 0, "pieces": 60})
    assert (why.status_code, why.json()["error"]["reason"]) == (403, "needs_approval")
    assert Ticket.objects.count() == made + 40
