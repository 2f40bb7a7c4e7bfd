"""How many sign-in attempts an account or an address has left.

An attempt is spent before the password is looked at, by the very statement that checks the limit:
parallel guesses cannot slip past it. A sign-in that succeeds gives its attempt back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When

from wotu.accounts.models import AttemptAllowance

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 20
PER_PROXY = 200


@dataclass(frozen=True)
class Subject:
    """Who spends an attempt, and how many it has in a window."""

    key: str
    limit: int


class AttemptsSpent(Exception):
    """No attempt is left; ``wait`` tells how long until there is one."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


def account(username: str) -> Subject:
    """The allowance of a name, whether or not anybody has it."""
    return Subject("account:" + hashlib.sha256(username.encode()).hexdigest(), PER_ACCOUNT)


def address(of: str) -> Subject:
    """The allowance of a network address."""
    return Subject("address:" + hashlib.sha256(of.encode()).hexdigest(), PER_ADDRESS)


def peer(of: str) -> Subject:
    """The allowance of a proxy on this machine, for all its clients together."""
    return Subject("peer:" + hashlib.sha256(of.encode()).hexdigest(), PER_PROXY)


def spend_attempt(subjects: tuple[Subject, ...], now: datetime) -> None:
    """Take one attempt from every subject, or from none and raise ``AttemptsSpent``."""
    with transaction.atomic():
        # One order for everybody: two sign-ins never wait for each other's row.
        for subject in sorted(subjects, key=lambda each: each.key):
            if not _spend(subject, now):
                started = AttemptAllowance.objects.values_list("window_started_at", flat=True).get(subject=subject.key)
                raise AttemptsSpent(max(started + WINDOW - now, timedelta(seconds=1)))


def give_back(subjects: tuple[Subject, ...]) -> None:
    """Return the attempt of a sign-in that succeeded."""
    keys = sorted(subject.key for subject in subjects)
    AttemptAllowance.objects.filter(subject__in=keys, spent__gt=0).update(spent=F("spent") - 1)


def clear(subject: Subject) -> None:
    """Forget the failures of ``subject``: its owner proved to be it."""
    AttemptAllowance.objects.filter(subject=subject.key).update(spent=0)


def _spend(subject: Subject, now: datetime) -> bool:
    fresh = [AttemptAllowance(subject=subject.key, window_started_at=now, spent=0)]
    AttemptAllowance.objects.bulk_create(fresh, ignore_conflicts=True)
    over = Q(window_started_at__lte=now - WINDOW)
    return bool(
        AttemptAllowance.objects.filter(Q(subject=subject.key), Q(spent__lt=subject.limit) | over).update(
            spent=Case(When(over, then=Value(1)), default=F("spent") + 1, output_field=models.PositiveIntegerField()),
            window_started_at=Case(When(over | Q(spent=0), then=Value(now)), default=F("window_started_at")),
        )
    )
