"""Addresses of Insight."""

from __future__ import annotations

from django.urls import path

from wotu.console.pages import ask

urlpatterns = [
    path("", ask.first, name="insight"),
    path("ask/<str:name>/", ask.ask_page, name="ask"),
    path("ask/<str:name>/cancel/", ask.cancel_question, name="ask-cancel"),
    path("ask/<str:name>/values/", ask.suggest, name="ask-values"),
    path("ask/<str:name>/export.<str:kind>", ask.export_answer, name="ask-export"),
]
