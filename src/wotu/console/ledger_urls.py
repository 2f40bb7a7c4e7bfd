"""Addresses of Ledger."""

from __future__ import annotations

from django.urls import path

from wotu.console.pages import ledger, ledger_accounts, ledger_limits

urlpatterns = [
    path("", ledger.overview, name="ledger"),
    path("accounts/", ledger_accounts.accounts, name="ledger-accounts"),
    path("accounts/<int:number>/", ledger_accounts.account, name="ledger-account"),
    path("customers/<str:customer_id>/", ledger_accounts.customer, name="ledger-customer"),
    path("customers/<str:customer_id>/adjust/", ledger_accounts.adjust_balance, name="ledger-adjust"),
    path("customers/<str:customer_id>/pay-out/", ledger_accounts.pay_out_money, name="ledger-pay-out"),
    path("transfers/<int:number>/", ledger_accounts.transfer, name="ledger-transfer"),
    path("limits/", ledger_limits.limits, name="ledger-limits"),
    path("limits/<int:number>/", ledger_limits.limit, name="ledger-limit"),
]
