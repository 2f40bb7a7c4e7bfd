"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "wotu.loyalty"
    label = "loyalty"
    default_auto_field = "django.db.models.BigAutoField"
