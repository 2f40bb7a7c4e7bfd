"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class H5Config(AppConfig):
    name = "wotu.h5"
    label = "h5"
