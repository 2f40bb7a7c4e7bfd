"""Every address of the API: what is sent to it so that it would work, and what the caller must be allowed."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from tests.loyalty.pictures import png

from wotu.accounts.rules import Action

EVENT = {"events": "Product Viewed"}
TEN_OFF = {
    "rule": {"effect": {"type": "amount_off", "amount": "10.00"}, "threshold": {"amount": "50.00"}},
    "term": {"type": "days", "days": 7},
}
PHOTO, TODAY = b64encode(png()).decode(), datetime.now(UTC).date().isoformat()
CART = {"customer": "ann", "lines": [{"line_id": "1", "product_id": "tea", "quantity": 2, "unit_price": "30.00"}]}
LOTTERY = {
    "name_en": "Wheel", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    "claim_until": "2099-02-01T00:00:00Z", "sponsor": "Shop", "contact": "400", "terms_en": "Come to the shop.",
    "prizes": [{"name_en": "Teapot", "kind": "goods", "odds": "1/2", "pieces": 3, "value": "99.00"}],
    "chances": [{"id": "daily", "by": "visit"}],
}  # fmt: skip
# Every address and method: what is sent to it so that it would work, and what the caller must be allowed.
ROUTES: dict[tuple[str, str], tuple[str, Any, Action]] = {
    ("GET", "customers"): ("customers", None, Action.READ),
    ("POST", "customers/merge"): ("customers/merge", {"a": "ann", "b": "bob"}, Action.MERGE_CUSTOMERS),
    ("POST", "customers/split"): (
        "customers/split", {"identifier": "phone:13800000001"}, Action.MERGE_CUSTOMERS,
    ),
    ("GET", "customers/{identifier}"): ("customers/ann", None, Action.READ),
    ("GET", "customers/{identifier}/orders"): ("customers/ann/orders", None, Action.READ),
    ("GET", "customers/{identifier}/timeline"): ("customers/ann/timeline", None, Action.READ),
    ("GET", "customers/{identifier}/identity"): ("customers/ann/identity", None, Action.READ),
    ("POST", "customers/{identifier}/member-link"): (
        "customers/ann/member-link", {"days": 7}, Action.SEE_IDENTIFIERS,
    ),
    ("GET", "customers/{identifier}/consents"): ("customers/ann/consents", None, Action.READ),
    ("POST", "customers/{identifier}/consents"): (
        "customers/ann/consents", {"channel": "sms", "purpose": "marketing", "given": True}, Action.EDIT_FACTS,
    ),
    ("GET", "customers/{identifier}/balances"): ("customers/ann/balances", None, Action.READ),
    ("GET", "customers/{identifier}/lots"): ("customers/ann/lots?unit=points", None, Action.READ),
    ("GET", "customers/{identifier}/statement"): ("customers/ann/statement?unit=points", None, Action.READ),
    ("POST", "customers/{identifier}/adjustments"): (
        "customers/ann/adjustments", {"unit": "points", "amount": 5, "reason": "late"}, Action.ADJUST_BALANCE,
    ),
    ("POST", "customers/{identifier}/payouts"): (
        "customers/ann/payouts", {"currency": "CNY", "amount": "0.01", "note": "bank"}, Action.ADJUST_BALANCE,
    ),
    ("GET", "ledger/units"): ("ledger/units", None, Action.READ),
    ("GET", "ledger/transfers/{number}"): ("ledger/transfers/1000000", None, Action.READ),
    ("GET", "ledger/limits"): ("ledger/limits", None, Action.READ),
    ("GET", "ledger/limits/{number}"): ("ledger/limits/1000000", None, Action.READ),
    ("GET", "ledger/liability"): ("ledger/liability", None, Action.READ),
    ("GET", "ledger/expiry"): ("ledger/expiry?unit=points", None, Action.READ),
    ("GET", "ledger/proof"): ("ledger/proof", None, Action.READ),
    ("GET", "lists"): ("lists", None, Action.READ),
    ("GET", "lists/{name}"): ("lists/vip", None, Action.READ),
    ("PUT", "lists/{name}"): ("lists/vip", {"where": 'trait.city == "上海"'}, Action.SAVE),
    ("DELETE", "lists/{name}"): ("lists/vip", None, Action.SAVE),
    ("POST", "questions/events"): ("questions/events", EVENT, Action.ASK),
    ("POST", "questions/growth-accounting"): ("questions/growth-accounting", {}, Action.ASK),
    ("POST", "questions/stages"): ("questions/stages", {}, Action.ASK),
    ("POST", "questions/overview"): ("questions/overview", {}, Action.ASK),
    ("POST", "questions/rfm"): ("questions/rfm", {}, Action.ASK),
    ("POST", "questions/rfm-movement"): ("questions/rfm-movement", {"before": "2026-01-06"}, Action.ASK),
    ("POST", "questions/funnel"): (
        "questions/funnel", {"steps": ["Product Viewed", "Order Completed"]}, Action.ASK,
    ),
    ("POST", "questions/separation"): (
        "questions/separation", {"steps": ["Product Viewed", "Order Completed"]}, Action.ASK,
    ),
    ("POST", "questions/retention"): ("questions/retention", {}, Action.ASK),
    ("POST", "questions/habit-loop"): (
        "questions/habit-loop",
        dict.fromkeys(("trigger", "action", "reward", "investment"), "Product Viewed"), Action.ASK,
    ),
    ("POST", "questions/paths"): ("questions/paths", {}, Action.ASK),
    ("POST", "questions/smart-path"): ("questions/smart-path", {"goal": "Order Completed"}, Action.ASK),
    ("POST", "questions/aha"): ("questions/aha", {}, Action.ASK),
    ("POST", "questions/step-doctor"): (
        "questions/step-doctor", {"steps": ["Product Viewed", "Order Completed"]}, Action.ASK,
    ),
    ("POST", "questions/stickiness"): ("questions/stickiness", {}, Action.ASK),
    ("POST", "questions/sessions"): ("questions/sessions", {}, Action.ASK),
    ("POST", "questions/activity"): ("questions/activity", {}, Action.ASK),
    ("POST", "questions/output"): ("questions/output", {}, Action.ASK),
    ("POST", "questions/active-customers"): ("questions/active-customers", {}, Action.ASK),
    ("POST", "questions/growth-path"): ("questions/growth-path", {}, Action.ASK),
    ("POST", "questions/customers"): (
        "questions/customers", {"question": "stages", "of": {"stage": "deal"}}, Action.ASK,
    ),
    ("GET", "stages"): ("stages", None, Action.READ),
    ("PUT", "stages"): ("stages", {"preset": "b2b"}, Action.EDIT_FACTS),
    ("GET", "facts"): ("facts", None, Action.READ),
    ("GET", "facts/{table}"): ("facts/products", None, Action.READ),
    ("PUT", "facts/{table}"): ("facts/products", [{"product_id": "p1"}], Action.EDIT_FACTS),
    ("PUT", "facts/{table}/{key}"): ("facts/products/p1", {"name": "Tea"}, Action.EDIT_FACTS),
    ("GET", "facts/{table}/{key}"): ("facts/products/p1", None, Action.READ),
    ("DELETE", "facts/{table}/{key}"): ("facts/products/p1", None, Action.EDIT_FACTS),
    ("POST", "messages"): ("messages", [{"event": "Exposed", "userId": "ann"}], Action.EDIT_FACTS),
    ("GET", "quarantine"): ("quarantine", None, Action.READ),
    ("GET", "campaigns"): ("campaigns", None, Action.READ),
    ("POST", "campaigns"): ("campaigns", {"code": "new-{tag}", "name": "New", "budget": "10"}, Action.RUN_CAMPAIGNS),
    ("GET", "campaigns/{code}"): ("campaigns/live-{tag}", None, Action.READ),
    ("GET", "campaigns/{code}/launch-checks"): ("campaigns/draft-{tag}/launch-checks", None, Action.READ),
    ("POST", "campaigns/{code}/launch"): ("campaigns/draft-{tag}/launch", {}, Action.RUN_CAMPAIGNS),
    ("POST", "campaigns/{code}/pause"): ("campaigns/live-{tag}/pause", {}, Action.RUN_CAMPAIGNS),
    ("POST", "campaigns/{code}/resume"): ("campaigns/paused-{tag}/resume", {}, Action.RUN_CAMPAIGNS),
    ("POST", "campaigns/{code}/end"): ("campaigns/live-{tag}/end", {}, Action.RUN_CAMPAIGNS),
    ("POST", "campaigns/{code}/coupon-templates"): (
        "campaigns/live-{tag}/coupon-templates", {"name": "Ten off", **TEN_OFF}, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "coupon-templates/{id}"): ("coupon-templates/{template}", None, Action.READ),
    ("POST", "campaigns/{code}/promotions"): (
        "campaigns/draft-{tag}/promotions",
        {"name": "20 off", "rule": {"effect": {"type": "full_reduction", "steps": [{"at": "100", "off": "20"}]}}},
        Action.RUN_CAMPAIGNS,
    ),
    ("GET", "campaigns/{code}/promotions"): ("campaigns/live-{tag}/promotions", None, Action.READ),
    ("GET", "promotions/{id}"): ("promotions/{promotion}", None, Action.READ),
    ("PUT", "promotions/{id}"): (
        "promotions/{draft_promotion}", {"name": "5 % off", "rule": {"effect": {"type": "percent", "rate": 0.05}}},
        Action.RUN_CAMPAIGNS,
    ),
    ("POST", "promotions/{id}/end"): ("promotions/{promotion}/end", {}, Action.RUN_CAMPAIGNS),
    ("PUT", "coupon-templates/{id}"): ("coupon-templates/{template}", TEN_OFF, Action.RUN_CAMPAIGNS),
    ("POST", "coupon-templates/{id}/issue"): (
        "coupon-templates/{template}/issue", {"customer": "ann", "key": "k"}, Action.RUN_CAMPAIGNS,
    ),
    ("POST", "coupon-templates/{id}/batches"): (
        "coupon-templates/{template}/batches", {"count": 2, "name": "Flyer"}, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "coupon-templates/{id}/batches"): ("coupon-templates/{template}/batches", None, Action.READ),
    ("POST", "coupon-batches/{id}/codes"): ("coupon-batches/{batch}/codes", {}, Action.RUN_CAMPAIGNS),
    ("GET", "coupons"): ("coupons?customer=ann", None, Action.SEE_IDENTIFIERS),
    ("GET", "coupons/{id}"): ("coupons/{coupon}", None, Action.SEE_IDENTIFIERS),
    ("POST", "coupons/{id}/void"): ("coupons/{coupon}/void", {}, Action.RUN_CAMPAIGNS),
    ("POST", "coupons/claim"): ("coupons/claim", {"customer": "bob", "code": "{free}"}, Action.CHECKOUT),
    ("POST", "checkout/quote"): ("checkout/quote", CART, Action.CHECKOUT),
    ("POST", "checkout/hold"): ("checkout/hold", {**CART, "order_id": "o-{tag}"}, Action.CHECKOUT),
    ("POST", "checkout/pay"): ("checkout/pay", {"order_id": "held-{tag}"}, Action.CHECKOUT),
    ("POST", "checkout/release"): ("checkout/release", {"order_id": "held-{tag}"}, Action.CHECKOUT),
    ("POST", "checkout/return"): (
        "checkout/return",
        {"order_id": "paid-{tag}", "refund_id": "r", "lines": [{"line_id": "1", "quantity": 1}]}, Action.CHECKOUT,
    ),
    ("GET", "checkout/orders/{order_id}"): ("checkout/orders/paid-{tag}", None, Action.READ),
    ("GET", "plans"): ("plans", None, Action.READ),
    ("POST", "plans"): (
        "plans",
        {"code": "new-{tag}", "name": "PLUS", "product_id": "new-{tag}", "price": "99", "months": 12},
        Action.APPROVE_BUDGETS,
    ),
    ("PUT", "plans/{code}"): ("plans/plan-{tag}", {"name": "PLUS", "price": "12", "months": 1}, Action.APPROVE_BUDGETS),
    ("POST", "plans/{code}/offer"): ("plans/plan-{tag}/offer", {"offered": True}, Action.APPROVE_BUDGETS),
    ("POST", "plans/{code}/partner-pools"): (
        "plans/plan-{tag}/partner-pools", {"name": "Cinema"}, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "customers/{identifier}/membership"): ("customers/ann/membership", None, Action.READ),
    ("POST", "customers/{identifier}/memberships"): (
        "customers/ann/memberships", {"plan": "plan-{tag}", "key": "{tag}"}, Action.RUN_CAMPAIGNS,
    ),
    ("POST", "customers/{identifier}/trial"): ("customers/bob/trial", {"plan": "trial"}, Action.CHECKOUT),
    ("POST", "customers/{identifier}/renewal"): (
        "customers/ann/renewal", {"plan": "plan-{tag}", "renews": False}, Action.CHECKOUT,
    ),
    ("POST", "customers/{identifier}/check-in"): ("customers/ann/check-in", {"programme": "club"}, Action.CHECKOUT),
    ("GET", "memberships/{id}/refund"): ("memberships/{membership}/refund", None, Action.READ),
    ("POST", "memberships/{id}/end"): ("memberships/{membership}/end", {}, Action.RUN_CAMPAIGNS),
    ("GET", "partner-pools"): ("partner-pools", None, Action.READ),
    ("POST", "partner-pools/{id}/codes"): ("partner-pools/{pool}/codes", {"codes": ["B"]}, Action.RUN_CAMPAIGNS),
    ("POST", "partner-pools/{id}/take"): ("partner-pools/{pool}/take", {"customer": "ann"}, Action.CHECKOUT),
    ("GET", "receipt-offers"): ("receipt-offers", None, Action.READ),
    ("POST", "campaigns/{code}/receipt-offers"): (
        "campaigns/live-{tag}/receipt-offers",
        {"name": "Tea", "paid_in": "money", "rate": 0.05, "first_day": "2026-01-01", "last_day": "2036-01-01"},
        Action.RUN_CAMPAIGNS,
    ),
    ("POST", "receipt-offers/{id}/receipts"): (
        "receipt-offers/{offer}/receipts",
        {"customer": "ann", "shop": "Shop", "day": TODAY, "number": "n", "amount": "10", "photo": PHOTO},
        Action.CHECKOUT,
    ),
    ("GET", "receipts"): ("receipts?state=waiting", None, Action.SEE_IDENTIFIERS),
    ("GET", "receipts/{id}"): ("receipts/{receipt}", None, Action.SEE_IDENTIFIERS),
    ("POST", "receipts/{id}/approve"): ("receipts/{receipt}/approve", {}, Action.RUN_CAMPAIGNS),
    ("POST", "receipts/{id}/refuse"): ("receipts/{receipt}/refuse", {"reason": "Blurred"}, Action.RUN_CAMPAIGNS),
    ("POST", "receipts/{id}/reverse"): ("receipts/{paid_receipt}/reverse", {"reason": "Forged"}, Action.RUN_CAMPAIGNS),
    ("GET", "programmes"): ("programmes", None, Action.READ),
    ("POST", "programmes"): (
        "programmes", {"code": "new-{tag}", "name": "Club", "earn": [{"rule_id": "base", "points": 1, "per": "1"}]},
        Action.APPROVE_BUDGETS,
    ),
    ("GET", "programmes/{code}"): ("programmes/club-{tag}", None, Action.READ),
    ("PUT", "programmes/{code}"): ("programmes/club-{tag}", {"name": "Other"}, Action.APPROVE_BUDGETS),
    ("POST", "programmes/{code}/pause"): ("programmes/club-{tag}/pause", {}, Action.APPROVE_BUDGETS),
    ("POST", "programmes/{code}/resume"): ("programmes/club-{tag}/resume", {}, Action.APPROVE_BUDGETS),
    ("GET", "programmes/{code}/members"): ("programmes/club-{tag}/members", None, Action.READ),
    ("POST", "programmes/{code}/members"): ("programmes/club-{tag}/members", {"customer": "bob"}, Action.CHECKOUT),
    ("GET", "programmes/{code}/members/{identifier}"): ("programmes/club-{tag}/members/ann", None, Action.READ),
    ("POST", "programmes/{code}/members/{identifier}/level"): (
        "programmes/club-{tag}/members/ann/level", {"level": "gold"}, Action.RUN_CAMPAIGNS,
    ),
    ("DELETE", "programmes/{code}/members/{identifier}/level"): (
        "programmes/club-{tag}/members/ann/level", None, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "programmes/{code}/members/{identifier}/badges"): (
        "programmes/club-{tag}/members/ann/badges", None, Action.READ,
    ),
    ("GET", "programmes/{code}/badges"): ("programmes/club-{tag}/badges", None, Action.READ),
    ("POST", "programmes/{code}/badges"): (
        "programmes/club-{tag}/badges", {"code": "patron", "name": "Patron", "metric": "spent", "levels": ["99.50"]},
        Action.APPROVE_BUDGETS,
    ),
    ("PUT", "programmes/{code}/badges/{badge}"): (
        "programmes/club-{tag}/badges/regular", {"name": "Regular", "levels": [1, 2]}, Action.APPROVE_BUDGETS,
    ),
    ("GET", "programmes/{code}/mall-items"): ("programmes/club-{tag}/mall-items", None, Action.READ),
    ("POST", "programmes/{code}/mall-items"): (
        "programmes/club-{tag}/mall-items", {"name": "Mug", "points": 60, "stock": 2}, Action.APPROVE_BUDGETS,
    ),
    ("GET", "mall-items/{id}"): ("mall-items/{item}", None, Action.READ),
    ("PUT", "mall-items/{id}"): ("mall-items/{item}", {"name": "Cup", "points": 5, "stock": 9}, Action.APPROVE_BUDGETS),
    ("POST", "mall-items/{id}/offer"): ("mall-items/{item}/offer", {"offered": False}, Action.APPROVE_BUDGETS),
    ("POST", "mall-items/{id}/redeem"): (
        "mall-items/{item}/redeem", {"customer": "ann", "key": "k"}, Action.CHECKOUT,
    ),
    ("GET", "programmes/{code}/mall-redemptions"): ("programmes/club-{tag}/mall-redemptions", None, Action.READ),
    ("POST", "mall-redemptions/{id}/cancel"): ("mall-redemptions/{redemption}/cancel", {}, Action.CHECKOUT),
    ("GET", "lotteries"): ("lotteries", None, Action.READ),
    ("POST", "lotteries"): ("lotteries", {"code": "new-{tag}", **LOTTERY}, Action.RUN_CAMPAIGNS),
    ("GET", "lotteries/{code}"): ("lotteries/wheel-{tag}", None, Action.READ),
    ("POST", "lotteries/{code}/launch"): ("lotteries/written-{tag}/launch", {}, Action.RUN_CAMPAIGNS),
    ("POST", "lotteries/{code}/pause"): ("lotteries/wheel-{tag}/pause", {}, Action.RUN_CAMPAIGNS),
    ("POST", "lotteries/{code}/resume"): ("lotteries/resting-{tag}/resume", {}, Action.RUN_CAMPAIGNS),
    ("POST", "lotteries/{code}/end"): ("lotteries/resting-{tag}/end", {"because": "x"}, Action.RUN_CAMPAIGNS),
    ("POST", "lotteries/{code}/pieces"): (
        "lotteries/wheel-{tag}/pieces", {"place": 0, "pieces": 2}, Action.RUN_CAMPAIGNS,
    ),
    ("POST", "lotteries/{code}/chances"): (
        "lotteries/wheel-{tag}/chances", {"customer": "ann", "key": "more"}, Action.CHECKOUT,
    ),
    ("POST", "lotteries/{code}/draws"): (
        "lotteries/wheel-{tag}/draws", {"customer": "ann", "key": "d"}, Action.CHECKOUT,
    ),
    ("GET", "lotteries/{code}/wins"): ("lotteries/wheel-{tag}/wins", None, Action.SEE_IDENTIFIERS),
    ("POST", "lottery-wins/{id}/hand-out"): ("lottery-wins/{win}/hand-out", {}, Action.RUN_CAMPAIGNS),
    ("GET", "sample-offers"): ("sample-offers", None, Action.READ),
    ("POST", "campaigns/{code}/sample-offers"): (
        "campaigns/live-{tag}/sample-offers", {"name": "Bag", "product_id": "tea", "pieces": 3}, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "sample-offers/{id}"): ("sample-offers/{samples}", None, Action.READ),
    ("POST", "sample-offers/{id}/requests"): (
        "sample-offers/{samples}/requests", {"customer": "bob"}, Action.CHECKOUT,
    ),
    ("GET", "sample-requests"): ("sample-requests?state=requested", None, Action.READ),
    ("POST", "sample-requests/{id}/hand-out"): (
        "sample-requests/{sample}/hand-out", {"how": "handed"}, Action.CHECKOUT,
    ),
    ("POST", "sample-requests/{id}/turn-down"): (
        "sample-requests/{sample}/turn-down", {"reason": "Not there"}, Action.RUN_CAMPAIGNS,
    ),
    ("GET", "contests"): ("contests", None, Action.READ),
    ("POST", "campaigns/{code}/contests"): (
        "campaigns/live-{tag}/contests",
        {"name": "March", "metric": "spent", "prizes": [{"first": 1, "last": 1, "points": 1}],
         "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2036-01-01T00:00:00Z", "cut_off": "2036-01-02T00:00:00Z"},
        Action.RUN_CAMPAIGNS,
    ),
    ("GET", "contests/{id}"): ("contests/{contest}", None, Action.READ),
    ("GET", "contests/{id}/board"): ("contests/{contest}/board", None, Action.READ),
    ("POST", "contests/{id}/entries"): ("contests/{contest}/entries", {"customer": "bob"}, Action.CHECKOUT),
    ("GET", "contests/{id}/entries/{identifier}"): ("contests/{contest}/entries/ann", None, Action.SEE_IDENTIFIERS),
    ("POST", "contests/{id}/count"): ("contests/{contest}/count", {}, Action.RUN_CAMPAIGNS),
    ("POST", "contests/{id}/settle"): ("contests/{over}/settle", {}, Action.RUN_CAMPAIGNS),
    ("POST", "contests/{id}/missing-prizes"): ("contests/{over}/missing-prizes", {}, Action.RUN_CAMPAIGNS),
    ("POST", "keys"): ("keys", {"kind": "write"}, Action.MANAGE_KEYS),
    ("GET", "keys"): ("keys", None, Action.MANAGE_KEYS),
    ("POST", "keys/{id}/rotate"): ("keys/{write}/rotate", {}, Action.MANAGE_KEYS),
    ("DELETE", "keys/{id}"): ("keys/{write}", None, Action.MANAGE_KEYS),
    ("GET", "audit"): ("audit", None, Action.MANAGE_TEAM),
    ("GET", "settings"): ("settings", None, Action.READ),
    ("GET", "state"): ("state", None, Action.READ),
}  # fmt: skip
