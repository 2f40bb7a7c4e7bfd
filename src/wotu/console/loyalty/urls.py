"""Addresses of Loyalty."""

from __future__ import annotations

from django.urls import path

from wotu.console.loyalty import (
    calendar,
    campaign,
    campaigns,
    club_badges,
    club_items,
    club_member,
    coupons,
    members,
    programme,
    promotions,
    receipts,
)

urlpatterns = [
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.new, name="campaign-new"),
    path("campaigns/preview/", campaigns.show, name="campaign-preview"),
    path("campaigns/of/<str:code>/", campaign.campaign, name="campaign"),
    path("campaigns/of/<str:code>/edit/", campaigns.edit, name="campaign-edit"),
    path("campaigns/of/<str:code>/act/", campaign.act, name="campaign-act"),
    path("campaigns/of/<str:code>/coupons.<str:kind>", campaign.export_coupons, name="campaign-coupons"),
    path("promotions/new/", promotions.new, name="promotion-new"),
    path("promotions/examples/", promotions.show, name="promotion-examples"),
    path("promotions/<int:number>/edit/", promotions.edit, name="promotion-edit"),
    path("promotions/<int:number>/end/", promotions.end, name="promotion-end"),
    path("batches/<int:number>/codes/", campaign.take_codes, name="batch-codes"),
    path("members/", members.members, name="members"),
    path("members/<str:customer_id>/", members.member, name="member"),
    path("members/<str:customer_id>/give/", members.give, name="member-give"),
    path("members/<str:customer_id>/level/", club_member.level, name="member-level"),
    path("members/<str:customer_id>/taken/<int:number>/", club_member.give_back, name="member-taken"),
    path("coupons/", coupons.coupons, name="coupons"),
    path("coupons/<int:number>/", coupons.coupon, name="coupon"),
    path("points/", programme.programme, name="programme"),
    path("points/write/", programme.write, name="programme-write"),
    path("points/example/", programme.example, name="programme-example"),
    path("points/act/", programme.act, name="programme-act"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/new/", receipts.new, name="receipt-offer-new"),
    path("receipts/<int:number>/", receipts.receipt, name="receipt"),
    path("receipts/<int:number>/decide/", receipts.decide, name="receipt-decide"),
    path("receipts/<int:number>/photo/", receipts.photo, name="receipt-photo"),
    path("points/levels/", programme.levels, name="programme-levels"),
    path("points/items/new/", club_items.new, name="item-new"),
    path("points/items/<int:number>/", club_items.edit, name="item-edit"),
    path("points/items/<int:number>/act/", club_items.act, name="item-act"),
    path("points/badges/new/", club_badges.new, name="badge-new"),
    path("points/badges/<str:code>/", club_badges.edit, name="badge-edit"),
    path("calendar/", calendar.calendar, name="calendar"),
]
