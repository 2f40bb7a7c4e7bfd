"""What the API itself remembers: answers to writes that carried an idempotency key."""

from __future__ import annotations

from django.db import models


class IdempotentAnswer(models.Model):
    """The answer to a write that was carried out. Key and request are kept as hashes alone."""

    caller = models.CharField(max_length=80)
    key_sha256 = models.CharField(max_length=64)
    request_mac = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key_sha256"], name="api_answer_once_per_key")]
        indexes = [models.Index(fields=["at"], name="api_answer_by_time")]

    def __str__(self) -> str:
        return f"{self.caller} {self.status} {self.at:%Y-%m-%d %H:%M}"


def forget_answers() -> None:
    """Delete every stored answer: a request repeated after this is carried out again."""
    IdempotentAnswer.objects.all().delete()
