"""Addresses of the whole site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/", include("wotu.api.urls")),
    path("", include("wotu.h5.urls")),
    path("", include("wotu.console.urls")),
]

handler400 = "wotu.console.pages.refusals.bad_request"
handler403 = "wotu.console.pages.refusals.forbidden"
handler404 = "wotu.console.pages.refusals.not_found"
handler500 = "wotu.console.pages.refusals.server_error"
