"""Registers the room with Django, and the tasks of every room with the outbox."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OutboxConfig(AppConfig):
    name = "wotu.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load ``tasks.py`` of every room, so that whoever queues and whoever works know the same tasks."""
        from wotu.outbox import messages, webhooks  # noqa: F401 - importing registers their tasks

        autodiscover_modules("tasks")
