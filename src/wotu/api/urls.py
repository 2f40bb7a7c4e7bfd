"""Addresses under ``/api/``. Nobody is sent to the sign-in page: who may not is told so as JSON."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path

from wotu.api.application import api
from wotu.api.pages import docs, nothing

_addresses, _application, _namespace = api.urls
for _each in _addresses:
    _pattern: Any = _each
    _pattern.callback = login_not_required(_pattern.callback)

urlpatterns = [
    path("v1/docs", docs, name="api-docs"),
    path("v1/", (_addresses, _application, _namespace)),
    re_path("", nothing),
]
