"""Addresses of Insight."""

from __future__ import annotations

from django.urls import path

from wotu.console.pages import ask, dashboards, notes, saved

urlpatterns = [
    path("", ask.first, name="insight"),
    path("saved/", saved.saved, name="saved"),
    path("dashboards/", dashboards.dashboards, name="dashboards"),
    path("dashboards/<int:board>/", dashboards.dashboard, name="dashboard"),
    path("dashboards/<int:board>/cards/<int:saved>/", dashboards.card, name="dashboard-card"),
    path("notes/", notes.notes, name="notes"),
    path("ask/<str:name>/", ask.ask_page, name="ask"),
    path("ask/<str:name>/cancel/", ask.cancel_question, name="ask-cancel"),
    path("ask/<str:name>/values/", ask.suggest, name="ask-values"),
    path("ask/<str:name>/export.<str:kind>", ask.export_answer, name="ask-export"),
]
