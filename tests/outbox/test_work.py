"""Due work: queued once, done once, tried again, given up, kept as proof; a bad piece stops no other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from tests.outbox import sample_tasks
from tests.outbox.sample_tasks import break_off, gather, note, proof, tell

from wotu.accounts import audit
from wotu.core.errors import WotuError
from wotu.outbox import claims, services
from wotu.outbox.models import Work
from wotu.outbox.running import drain, run_due
from wotu.outbox.tasks import TaskResultStatus, task

from django.db import connection, transaction  # isort: skip

pytestmark = pytest.mark.django_only
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def noted() -> list[str]:
    """What tasks noted, in order."""
    return [entry.target for entry in reversed(audit.entries(action="sample", limit=10_000).rows)]


@pytest.fixture
def clock() -> Callable[[datetime], Any]:
    """Sets the wall clock of the outbox."""
    return lambda now: patch("django.utils.timezone.now", return_value=now)


@pytest.mark.django_db
def test_work_is_done_once_and_gone() -> None:
    queued = note.using(key="a").enqueue(what="one")
    assert (queued.id, queued.status, queued.attempts) == ("a", TaskResultStatus.READY, 0)
    note.using(key="a").enqueue(what="another text")
    assert drain("default") == 1
    assert drain("default") == 0
    assert noted() == ["one"]
    with pytest.raises(LookupError):
        note.get_result("a")


@pytest.mark.django_db
def test_work_of_a_transaction_that_fails_was_never_queued() -> None:
    with transaction.atomic():
        note.enqueue(what="one")
        transaction.set_rollback(True)
    assert drain("default") == 0
    assert noted() == []


@pytest.mark.django_db
def test_the_same_key_is_other_work_of_another_task() -> None:
    note.using(key="a").enqueue(what="one")
    proof.using(key="a").enqueue(what="two")
    assert drain("default") == 2
    assert sorted(noted()) == ["one", "two"]


@pytest.mark.django_db
def test_work_waits_for_its_time_and_the_longest_due_is_first(clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        note.using(run_after=NOW + timedelta(hours=2)).enqueue(what="late")
        note.using(run_after=NOW + timedelta(hours=1)).enqueue(what="early")
        assert drain("default") == 0
    with clock(NOW + timedelta(hours=2)):
        assert drain("default") == 2
    assert noted() == ["early", "late"]


@pytest.mark.django_db
def test_proof_is_kept_and_then_forgotten(clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        proof.using(key="a").enqueue(what="one")
        drain("default")
        proof.using(key="a").enqueue(what="one")
        assert drain("default") == 0
        kept = proof.get_result("a")
    assert (kept.status, kept.return_value, kept.is_finished) == (TaskResultStatus.SUCCESSFUL, {"noted": "one"}, True)
    assert services.forget_kept(NOW + timedelta(days=3)) == 0
    assert services.forget_kept(NOW + timedelta(days=3, seconds=1)) == 1
    assert noted() == ["one"]


@pytest.mark.django_db
def test_work_that_fails_changes_nothing_and_is_given_up_in_the_end(clock: Callable[[datetime], Any]) -> None:
    at = NOW
    with clock(at):
        break_off.using(key="a").enqueue(what="it")
        note.enqueue(what="one")
        assert drain("default") == 2
    assert noted() == ["one"]
    for attempts, pause in ((1, 2), (2, 4)):
        assert break_off.get_result("a").attempts == attempts
        with clock(at + timedelta(seconds=pause - 1)):
            assert drain("default") == 0
        at += timedelta(seconds=pause)
        with clock(at):
            assert drain("default") == 1
    given_up = break_off.get_result("a")
    assert (given_up.status, given_up.attempts) == (TaskResultStatus.FAILED, 3)
    assert given_up.errors == ("ValueError: no it for …@…",)
    with clock(at + timedelta(days=99)):
        assert drain("default") == 0
    assert noted() == ["one"]


@pytest.mark.django_db
def test_an_owner_lets_work_be_tried_again_or_discards_it() -> None:
    for key in ("a", "b"):
        break_off.using(key=key).enqueue(what=key)
    waiting = Work.objects.get(key="b").pk
    for act in (services.retry, services.discard):
        with pytest.raises(WotuError):
            act(waiting, by="cli")
    Work.objects.update(failed_at=NOW, attempts=3)
    services.retry(Work.objects.get(key="a").pk, by="cli")
    services.discard(waiting, by="cli")
    assert [(work.key, work.attempts, work.failed_at) for work in Work.objects.all()] == [("a", 0, None)]
    assert [entry.action for entry in audit.entries().rows] == ["discard_work", "retry_work"]


@pytest.mark.django_db
def test_outside_work_gets_its_key_each_time(told: list[Any], clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        tell.using(key="a").enqueue(what="bad")
        tell.using(key="b").enqueue(what="good")
        drain("default")
    with clock(NOW + timedelta(seconds=2)):
        drain("default")
    assert told == [("a", 1, "bad"), ("b", 1, "good"), ("a", 2, "bad")]
    with clock(NOW + timedelta(hours=1)):
        drain("default")
    assert tell.get_result("a").status is TaskResultStatus.FAILED


@pytest.mark.django_db
def test_what_is_told_together_fails_alone(told: list[Any]) -> None:
    gather.enqueue_many([(what, {"what": what}) for what in ("one", "bad two", "three")])
    assert drain("gathered") == 3
    assert told == [["one", "bad two", "three"], ["one"], ["bad two"], ["three"]]
    assert [work.key for work in Work.objects.all()] == ["bad two"]


@pytest.mark.django_db
def test_a_worker_that_is_to_stop_finishes_one_piece_and_gives_the_rest_back() -> None:
    for number in range(5):
        note.enqueue(what=str(number))
    answers = iter([False, False, True])
    assert run_due("default", stopping=lambda: next(answers)) == 5
    assert noted() == ["0"]
    assert drain("default") == 4
    assert noted() == list("01234")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("_case", "payload"),
    [
        ("a set", {"what": {1}}),
        ("bytes", {"what": b"x"}),
        ("a tuple", {"what": (1,)}),
        ("money", {"what": Decimal(1)}),
        ("a time", {"what": NOW}),
        ("not a number", {"what": float("nan")}),
        ("number keys", {"what": {1: 2}}),
        ("too large", {"what": "x" * 300_000}),
    ],
)
def test_what_is_not_json_is_refused_at_the_door(_case: str, payload: dict[str, Any]) -> None:
    with pytest.raises(WotuError) as refused:
        note.enqueue(**payload)
    assert refused.value.field == "payload"
    assert Work.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "choices", [{"key": ""}, {"key": "x" * 201}, {"run_after": datetime(2026, 1, 1)}, {"queue_name": "No"}]
)
def test_wrong_choices_are_refused(choices: dict[str, Any]) -> None:
    with pytest.raises(WotuError):
        note.using(**choices).enqueue(what="one")
    assert Work.objects.count() == 0


@pytest.mark.parametrize(
    "options",
    [{"name": "sample.note"}, {"name": "Sample"}, {"name": "sample.x", "together": True},
     {"name": "sample.x", "every": timedelta(0)}, {"name": "sample.x", "every": timedelta(days=2)}],
)  # fmt: skip
def test_wrong_tasks_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(WotuError):
        task(**options)(lambda: None)


@pytest.mark.django_db
def test_work_of_a_task_nobody_knows_fails_and_says_so() -> None:
    services.enqueue_many([services.NewWork("old.task", "a", {}, "default")])
    note.enqueue(what="one")
    drain("default")
    assert noted() == ["one"]
    assert "old.task" in Work.objects.get().last_error


@pytest.mark.django_db
def test_what_a_dead_worker_had_is_done_by_another(clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        for number in range(3):
            note.enqueue(what=str(number))
        assert len(claims.claim("default")) == 3
    with clock(NOW + claims.LEASE):
        assert drain("default") == 0
    with clock(NOW + claims.LEASE + timedelta(seconds=1)):
        note.enqueue(what="new")
        assert run_due("default") == 2
        assert noted() == ["new", "0"]
        assert drain("default") == 2
    assert noted() == ["new", "0", "1", "2"]


@pytest.mark.django_db
def test_a_clock_that_was_set_back_keeps_no_work(clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        note.using(run_after=NOW - timedelta(days=2)).enqueue(what="one")
        claims.claim("default")
    with clock(NOW - timedelta(days=1)):
        assert drain("default") == 1
    assert noted() == ["one"]


@pytest.mark.django_db
def test_whoever_lost_the_lease_does_nothing(told: list[Any], clock: Callable[[datetime], Any]) -> None:
    with clock(NOW):
        tell.enqueue(what="one")
        (lost,) = claims.claim("default")
    with clock(NOW + timedelta(minutes=2)):
        claims.claim("default")
        assert not claims.renew(lost)
        assert not claims.finish(lost, tell)
        claims.fail(lost, tell, ValueError("x"))
    assert [(work.last_error, work.failed_at) for work in Work.objects.all()] == [("", None)]
    assert (noted(), told) == ([], [])


@pytest.mark.django_db
def test_work_that_ends_its_worker_again_and_again_is_given_up(clock: Callable[[datetime], Any]) -> None:
    note.using(key="a", run_after=NOW).enqueue(what="one")
    for round_ in range(12):
        with clock(NOW + round_ * timedelta(minutes=2)):
            claims.claim("default")
    with clock(NOW + timedelta(hours=1)):
        assert drain("default") == 0
    assert note.get_result("a").status is TaskResultStatus.FAILED


@pytest.mark.django_db(transaction=True)
def test_many_workers_do_everything_once() -> None:
    note.enqueue_many([(str(number), {"what": str(number)}) for number in range(200)])

    def work(_: int) -> int:
        try:
            return drain("default")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(work, range(6))) == 200
    assert sorted(noted(), key=int) == [str(number) for number in range(200)]
    assert Work.objects.count() == 0
    assert sample_tasks.TOLD == []
