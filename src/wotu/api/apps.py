"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "wotu.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answers that are kept to be repeated may tell of a customer who is erased."""
        from wotu.accounts.forgetting import register
        from wotu.api.models import forget_answers

        register(forget_answers)
