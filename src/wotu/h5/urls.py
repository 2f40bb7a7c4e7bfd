"""Addresses of customers' pages."""

from __future__ import annotations

from django.urls import path

from wotu.h5 import contests, lottery, pages, receipts

app_name = "h5"
urlpatterns = [
    path("m/<str:token>/", pages.member, name="member"),
    path("m/<str:token>/receipts/", receipts.receipts, name="receipts"),
    path("m/<str:token>/lottery/<slug:code>/", lottery.lottery, name="lottery"),
    path("m/<str:token>/contests/<int:number>/", contests.contest, name="contest"),
    path("m/<str:token>/<slug:deed>/", pages.act, name="act"),
]
