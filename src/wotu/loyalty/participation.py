"""Why a promotion does not give what was asked of it, by a word for programs and a sentence for people."""

from __future__ import annotations

from enum import StrEnum

from wotu.core.errors import ErrorCode, WotuError


class PromotionRefusal(StrEnum):
    """Why. The words are part of the public contract."""

    NOT_RUNNING = "not_running"
    OUTSIDE_WINDOW = "outside_window"
    TOO_LATE = "too_late"
    ALREADY_PAID = "already_paid"
    ALREADY_DECIDED = "already_decided"
    NOT_APPROVED = "not_approved"
    NOTHING_DUE = "nothing_due"
    CUSTOMER_LIMIT = "customer_limit"
    BUDGET_EMPTY = "budget_empty"
    TOO_MANY_WAITING = "too_many_waiting"
    WRONG_TIER = "wrong_tier"
    NONE_LEFT = "none_left"
    TOO_EARLY = "too_early"


_SENTENCES = {
    PromotionRefusal.NOT_RUNNING: "The campaign of this promotion is not running.",
    PromotionRefusal.OUTSIDE_WINDOW: "The receipt is not of the days of this offer.",
    PromotionRefusal.TOO_LATE: "The time to send this receipt in is over.",
    PromotionRefusal.ALREADY_PAID: "This receipt has been paid for; it pays once, whoever sends it.",
    PromotionRefusal.ALREADY_DECIDED: "This was decided before; it stays as it is.",
    PromotionRefusal.NOT_APPROVED: "Only what was approved can be taken back.",
    PromotionRefusal.NOTHING_DUE: "By the terms of the offer nothing is due for this amount.",
    PromotionRefusal.CUSTOMER_LIMIT: "The customer has had as much of this as one may have.",
    PromotionRefusal.BUDGET_EMPTY: "The budget of the campaign has less left than this costs.",
    PromotionRefusal.TOO_MANY_WAITING: "As many receipts of this customer wait as may; decide on those first.",
    PromotionRefusal.WRONG_TIER: "This is for customers of other levels.",
    PromotionRefusal.NONE_LEFT: "None is left.",
    PromotionRefusal.TOO_EARLY: "A contest is settled after its cut-off; until then returns may change places.",
}


def refused(reason: PromotionRefusal, *, field: str, **given: object) -> WotuError:
    """The error of what a promotion does not give."""
    return WotuError(
        ErrorCode.PROMOTION_REFUSED, _SENTENCES[reason], field=field, given={"refusal": reason.value, **given}
    )
