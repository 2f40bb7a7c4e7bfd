"""Tables: saved questions, dashboards and their cards, share links, annotations."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def _author() -> models.ForeignKey[Any, Any]:
    """Who made a row; it outlives the person."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")


class SavedQuestion(models.Model):
    """A question with its parameters, as a face asks it: ``workspace.<question>(**parameters)``."""

    name = models.CharField(max_length=120)
    question = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    created_by = _author()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="boards_saved_by_name")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name="") & ~models.Q(question=""), name="boards_saved_is_named")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.question})"


class Dashboard(models.Model):
    """A page of saved questions."""

    name = models.CharField(max_length=120)
    created_by = _author()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="boards_dashboard_is_named")]

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """A saved question on a dashboard: in order of ``position``, half a row wide or a whole one."""

    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="cards")
    saved = models.ForeignKey(SavedQuestion, on_delete=models.CASCADE, related_name="cards")
    position = models.PositiveIntegerField()
    wide = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dashboard", "saved"], name="boards_card_once_a_dashboard")]

    def __str__(self) -> str:
        return f"{self.saved_id} on {self.dashboard_id}"


class ShareLink(models.Model):
    """Lets whoever has its token read one dashboard. Only the hash is stored: a copy of the table opens nothing."""

    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_by = _author()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link to {self.dashboard_id}"


class Annotation(models.Model):
    """What happened on a day, shown on answers over time."""

    day = models.DateField()
    text = models.CharField(max_length=200)
    created_by = _author()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["day", "id"], name="boards_annotation_by_day")]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="boards_annotation_says_something")]

    def __str__(self) -> str:
        return f"{self.day}: {self.text}"
