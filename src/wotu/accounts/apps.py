"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wotu.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
