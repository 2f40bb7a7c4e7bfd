"""Addresses of Data."""

from __future__ import annotations

from django.urls import path

from wotu.console.pages import (
    catalogue,
    connect,
    freshness,
    live,
    quarantine,
    sources,
    stages,
    tables,
)

urlpatterns = [
    path("", sources.sources, name="data"),
    path("connect/", connect.connect, name="connect"),
    path("connect/waiting/", connect.waiting, name="connect-waiting"),
    path("live/", live.live, name="live"),
    path("live/<int:seq>/", live.message, name="live-message"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/export.<str:kind>", quarantine.export_quarantine, name="quarantine-export"),
    path("quarantine/<str:row_id>/", quarantine.row, name="quarantine-row"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/entry/", catalogue.entry, name="catalogue-entry"),
    path("stages/", stages.stages, name="stages"),
    path("stages/try/", stages.try_rule, name="stage-try"),
    path("tables/", tables.tables, name="tables"),
    path("tables/<str:name>/", tables.table, name="table"),
    path("tables/<str:name>/row/", tables.row, name="table-row"),
    path("freshness/", freshness.freshness, name="freshness"),
]
