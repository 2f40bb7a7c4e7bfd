"""Addresses of the console. Every state of a page has its own."""

from __future__ import annotations

from django.urls import include, path

from wotu.console.pages import (
    account,
    audit,
    consent,
    customer,
    customers,
    dashboards,
    home,
    keys,
    movement,
    person,
    preferences,
    search,
    sign_in,
    state,
    team,
    value,
    workspace_settings,
)  # fmt: skip

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("growth.<str:kind>", home.export_growth, name="growth-export"),
    path("customers/", customers.customers, name="customers"),
    path("customers/export.<str:kind>", customers.export_customers, name="customers-export"),
    path("customers/list/", customers.save_list, name="customers-list"),
    path("customers/<str:customer_id>/", customer.customer, name="customer"),
    path("customers/<str:customer_id>/orders/", customer.orders, name="customer-orders"),
    path("customers/<str:customer_id>/timeline/", customer.timeline, name="customer-timeline"),
    path("customers/<str:customer_id>/consent/", consent.record_consent, name="customer-consent"),
    path("customers/<str:customer_id>/everything/", person.everything, name="customer-everything"),
    path("customers/<str:customer_id>/erase/", person.erase, name="customer-erase"),
    path("insight/", include("wotu.console.insight_urls")),
    path("shared/<str:token>/", dashboards.shared, name="shared"),
    path("shared/<str:token>/cards/<int:saved>/", dashboards.shared_card, name="shared-card"),
    path("value/", value.layers, name="value"),
    path("value/export.<str:kind>", value.export_layers, name="value-export"),
    path("value/movement/", movement.movement, name="movement"),
    path("value/movement/export.<str:kind>", movement.export_movement, name="movement-export"),
    path("data/", include("wotu.console.data_urls")),
    path("settings/", workspace_settings.workspace_settings, name="settings"),
    path("settings/team/", team.team, name="team"),
    path("settings/keys/", keys.keys, name="keys"),
    path("settings/audit/", audit.audit, name="audit"),
    path("settings/audit/export.<str:kind>", audit.export_audit, name="audit-export"),
    path("search/", search.search, name="search"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/once/<str:token>/", sign_in.sign_in_once, name="sign-in-once"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("settings/state/", state.state, name="state"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("language/", preferences.language, name="language"),
    path("theme/", preferences.theme, name="theme"),
    path("rail/", preferences.rail, name="rail"),
]
