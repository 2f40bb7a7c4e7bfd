"""Why a promotion did not give what was asked of it, in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wotu.console.loyalty.campaign_words import refusal as of_coupons
from wotu.core.errors import WotuError
from wotu.loyalty.campaigns.reads import CampaignRow, campaigns
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.participation import PromotionRefusal

_MOST = 500
WHY_NOT: Mapping[PromotionRefusal, str | Promise] = {
    PromotionRefusal.NOT_RUNNING: _("Its campaign is not running now."),
    PromotionRefusal.OUTSIDE_WINDOW: _("The receipt is not of the days of this offer."),
    PromotionRefusal.TOO_LATE: _("The time to send this receipt in is over."),
    PromotionRefusal.ALREADY_PAID: _("Another receipt of this shop, day and number was paid. It pays once."),
    PromotionRefusal.ALREADY_DECIDED: _("Somebody decided on it meanwhile. Look at it again."),
    PromotionRefusal.NOT_APPROVED: _("Only what was approved can be taken back."),
    PromotionRefusal.NOTHING_DUE: _("By the terms of the offer nothing is due for this amount."),
    PromotionRefusal.CUSTOMER_LIMIT: _("The customer has had as much of this as one may have."),
    PromotionRefusal.BUDGET_EMPTY: _("The budget of the campaign has less left than this costs. Nothing was paid."),
    PromotionRefusal.TOO_MANY_WAITING: _("As many receipts of this customer wait as may."),
    PromotionRefusal.WRONG_TIER: _("This is for customers of other levels."),
    PromotionRefusal.NONE_LEFT: _("None is left."),
    PromotionRefusal.TOO_EARLY: _("Returns may still change places. Settle it after the cut-off."),
}


def refusal(error: WotuError) -> str:
    """Why it was not done."""
    found = error.given.get("refusal")
    if isinstance(found, str) and found in set(PromotionRefusal):
        return str(WHY_NOT[PromotionRefusal(found)])
    return of_coupons(error)


def open_campaigns() -> tuple[CampaignRow, ...]:
    """Campaigns that a promotion can be part of: those that have not ended, the newest first."""
    return tuple(row for row in campaigns(limit=_MOST).rows if row.state != CampaignState.ENDED)
