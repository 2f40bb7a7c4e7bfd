"""Members with their levels, as the rules in force reckon them, a bounded look at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.loyalty.clubs import NOW, buy, cart, club

from wotu.core.errors import WotuError
from wotu.loyalty.programme import club_member_reads
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tier_reads import tier_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def members() -> None:
    """Nine members: of every three one of no level, one silver, one gold; and a silver one made gold by hand."""
    club()
    for customer in range(1, 10):
        yuan = (50, 100, 300)[customer % 3] * 100
        buy(f"o{customer}", customer, cart(("tea", 1, yuan)), at=NOW - timedelta(days=10 - customer))
    programme_services.set_level(4, "gold", first_day=(NOW - timedelta(days=1)).date(), now=NOW)


def of(level: str | None, **asked: object) -> list[int]:
    page = club_member_reads.members(now=NOW, level=level, **asked)  # type: ignore[arg-type]
    return [each.customer for each in page.rows]


def test_members_stand_as_the_rules_say_and_are_found_by_level(members: None) -> None:
    assert club_member_reads.levels(NOW) == ("silver", "gold")
    assert of(None) == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert (of("gold"), of("silver"), of("")) == ([8, 5, 4, 2], [7, 1], [9, 6, 3])
    rows = club_member_reads.members(now=NOW).rows
    assert {each.customer: each.standing for each in rows} == {n: tier_of(n, now=NOW) for n in range(1, 10)}
    assert club_member_reads.standings([4, 99], now=NOW) == {4: tier_of(4, now=NOW)}


@pytest.mark.parametrize("level", [None, "gold", "silver", ""])
@pytest.mark.parametrize("at_once", [1, 2, 4, 200])
def test_pages_find_everybody_once(
    monkeypatch: pytest.MonkeyPatch, members: None, level: str | None, at_once: int
) -> None:
    everybody = of(level, limit=100)
    monkeypatch.setattr(club_member_reads, "_AT_ONCE", at_once)
    monkeypatch.setattr(club_member_reads, "MOST_LOOKED_AT", 3 * at_once)
    found, before = list[int](), None
    for _ in range(20):
        page = club_member_reads.members(now=NOW, level=level, before=before, limit=2)
        found += [each.customer for each in page.rows]
        if (before := page.next) is None:
            break
    assert before is None
    assert found == everybody


def test_without_a_club_or_levels_there_is_nothing_to_find() -> None:
    assert (club_member_reads.levels(NOW), of(None), club_member_reads.standings([1], now=NOW)) == ((), [], {})
    club(Rules())
    programme_services.enrol(7, now=NOW)
    assert (club_member_reads.levels(NOW), of(None)) == ((), [7])
    with pytest.raises(WotuError) as refused:
        club_member_reads.members(now=NOW, before="x")
    assert refused.value.field == "before"
