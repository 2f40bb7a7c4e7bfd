"""Tables: due work, how far each follower has read, and who is told of events by webhook."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

LONGEST_NAME, LONGEST_KEY, LONGEST_ERROR, LONGEST_URL = 80, 200, 500, 1000


class Work(models.Model):
    """One piece of work, to be done once it is ``run_at``.

    ``key`` tells it from all other work of its task. ``claim`` names the worker that has it until ``lease_until``.
    ``attempts`` counts how often it failed; after the last, ``failed_at`` is set and a person decides. Work that is
    done is deleted, or keeps ``done_at``, ``outcome`` and stays until ``keep_until``.
    """

    task = models.CharField(max_length=LONGEST_NAME)
    key = models.CharField(max_length=LONGEST_KEY)
    payload = models.JSONField(default=dict)
    queue = models.CharField(max_length=32)
    attempts = models.PositiveIntegerField(default=0)
    run_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=LONGEST_ERROR, blank=True, default="")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    keep_until = models.DateTimeField(null=True)
    outcome = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "key"], name="outbox_work_once"),
            models.CheckConstraint(condition=~Q(task="") & ~Q(key="") & ~Q(queue=""), name="outbox_work_is_named"),
            models.CheckConstraint(
                condition=Q(claim=None, lease_until=None) | Q(claim__isnull=False, lease_until__isnull=False),
                name="outbox_work_claim_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, keep_until=None)
                | Q(done_at__isnull=False, keep_until__isnull=False, failed_at=None, claim=None),
                name="outbox_work_done_is_kept",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "run_at", "id"],
                condition=Q(done_at=None, failed_at=None, claim=None),
                name="outbox_work_due",
            ),
            models.Index(fields=["lease_until"], condition=Q(claim__isnull=False), name="outbox_work_leased"),
            models.Index(fields=["failed_at"], condition=Q(failed_at__isnull=False), name="outbox_work_failed"),
            models.Index(fields=["keep_until"], condition=Q(keep_until__isnull=False), name="outbox_work_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.key}"


class Cursor(models.Model):
    """How far a follower has read: everything up to ``seq`` has had its effects.

    ``last_error`` says why it goes no further, since ``failed_at``; both are empty while it does.
    """

    name = models.CharField(max_length=LONGEST_NAME, primary_key=True)
    seq = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=LONGEST_ERROR, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=0), name="outbox_cursor_not_negative")]

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class WebhookEndpoint(models.Model):
    """An address that is told of ``events`` (every event when empty), signed with ``secret``.

    A secret that was replaced signs beside the new one until ``previous_until``.
    """

    url = models.CharField(max_length=LONGEST_URL)
    events = models.JSONField(default=list)
    secret = models.CharField(max_length=80)
    previous_secret = models.CharField(max_length=80, blank=True, default="")
    previous_until = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(url="") & ~Q(secret=""), name="outbox_endpoint_has_url_and_secret"),
        ]

    def __str__(self) -> str:
        return f"endpoint {self.pk}"
