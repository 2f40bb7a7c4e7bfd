"""Why a coupon cannot be used, by a word for programs and a sentence for people."""

from __future__ import annotations

from enum import StrEnum

from wotu.core.errors import ErrorCode, WotuError


class CouponRefusal(StrEnum):
    """Why. The words are part of the public contract. ``unknown_code`` is also said of other people's coupons."""

    UNKNOWN_CODE = "unknown_code"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    ALREADY_USED = "already_used"
    HELD_ELSEWHERE = "held_elsewhere"
    VOID = "void"
    NOT_RUNNING = "not_running"
    NONE_LEFT = "none_left"
    CUSTOMER_LIMIT = "customer_limit"
    DAY_LIMIT = "day_limit"
    CODES_TAKEN = "codes_taken"


_SENTENCES = {
    CouponRefusal.UNKNOWN_CODE: "This code cannot be used.",
    CouponRefusal.NOT_YET_VALID: "The coupon is not valid yet.",
    CouponRefusal.EXPIRED: "The coupon has expired.",
    CouponRefusal.ALREADY_USED: "The coupon has been used.",
    CouponRefusal.HELD_ELSEWHERE: "The coupon is held for another order; pay or cancel that one.",
    CouponRefusal.VOID: "The coupon was made void.",
    CouponRefusal.NOT_RUNNING: "The campaign of this coupon is not running.",
    CouponRefusal.NONE_LEFT: "No coupon of this kind is left.",
    CouponRefusal.CUSTOMER_LIMIT: "The customer has had as many of these coupons as one may have.",
    CouponRefusal.DAY_LIMIT: "No coupon of this kind is left today.",
    CouponRefusal.CODES_TAKEN: "The codes of this batch were taken before; make another batch.",
}


def refused(reason: CouponRefusal, *, field: str = "coupon", **given: object) -> WotuError:
    """The error of a coupon that cannot be issued, claimed or used."""
    return WotuError(
        ErrorCode.COUPON_REFUSED, _SENTENCES[reason], field=field, given={"refusal": reason.value, **given}
    )
