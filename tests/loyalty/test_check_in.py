"""Check-in: one a programme day however often somebody taps, streaks that no clock change breaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from tests.loyalty.clubs import NOW, RULES, club, has

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.proof import differences
from wotu.loyalty.models import CheckIn
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.check_in_services import check_in
from wotu.loyalty.programme.services import Rules

TAPS = 50


@pytest.mark.django_db
def test_pitfall_49_one_check_in_a_day_and_the_seventh_day_is_rewarded() -> None:
    club()
    for day in range(8):
        at = NOW + timedelta(days=day)
        first, again = check_in(7, now=at), check_in(7, now=at + timedelta(hours=1))
        assert (first.streak, first.repeated) == (day + 1, False)
        assert (again.streak, again.points, again.repeated) == (day + 1, first.points, True)
    assert has(7) == 8 * 2 + 10
    assert CheckIn.objects.count() == 8
    assert check_in(7, now=NOW + timedelta(days=9)).streak == 1


@pytest.mark.django_db
def test_pitfall_22_daylight_saving_and_a_day_that_starts_at_four_keep_the_streak() -> None:
    club(zone="America/New_York", day_starts_at=4)
    # 23:30 on 7 March, 03:30 (still the 8th by the club's clock: not before 4) after the clocks went forward.
    days = [
        check_in(7, now=at).day.isoformat()
        for at in (datetime(2026, 3, 8, 4, 30, tzinfo=UTC), datetime(2026, 3, 9, 7, 30, tzinfo=UTC),
                   datetime(2026, 3, 9, 8, 30, tzinfo=UTC))
    ]  # fmt: skip
    assert days == ["2026-03-07", "2026-03-08", "2026-03-09"]
    programme_services.set_terms("club", zone="Asia/Shanghai")
    assert check_in(7, now=datetime(2026, 3, 10, 8, tzinfo=UTC)).streak == 4


@pytest.mark.django_db(transaction=True)
def test_pitfall_22_one_check_in_a_day_under_fifty_parallel_taps() -> None:
    club(Rules(earn=RULES.earn[2:3]))
    together = Barrier(TAPS)

    def tap(_number: int) -> bool:
        try:
            together.wait(60)
            return check_in(7, now=NOW).repeated
        finally:
            connection.close()

    with ThreadPoolExecutor(TAPS) as taps:
        repeated = list(taps.map(tap, range(TAPS)))

    assert sorted(repeated) == [False] + [True] * (TAPS - 1)
    assert (has(7), CheckIn.objects.count(), differences()) == (2, 1, ())


@pytest.mark.django_db
def test_who_is_to_join_by_hand_is_refused_until_then() -> None:
    club(joining="by_hand")
    with pytest.raises(WotuError) as refused:
        check_in(7, now=NOW)
    assert refused.value.code == ErrorCode.NOT_FOUND
    programme_services.enrol(7, now=NOW)
    assert check_in(7, now=NOW).points == 2
    programme_services.set_terms("club", state="paused")
    with pytest.raises(WotuError):
        check_in(7, now=NOW + timedelta(days=1))
    assert CheckIn.objects.count() == 1
