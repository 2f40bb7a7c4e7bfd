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


class MallRefusal(StrEnum):
    """Why something cannot be had for points; that the points do not suffice has a code of its own."""

    NOT_OFFERED = "not_offered"
    PRICE_CHANGED = "price_changed"
    CUSTOMER_LIMIT = "customer_limit"
    NONE_LEFT = "none_left"


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


_OF_THE_MALL = {
    MallRefusal.NOT_OFFERED: (ErrorCode.NOT_FOUND, "This item is not offered now."),
    MallRefusal.PRICE_CHANGED: (ErrorCode.LIMIT_REACHED, "It costs more points by now; tell the customer how many."),
    MallRefusal.CUSTOMER_LIMIT: (ErrorCode.LIMIT_REACHED, "The customer has had as many of these as one may have."),
    MallRefusal.NONE_LEFT: (ErrorCode.LIMIT_REACHED, "None of these is left."),
}


def item_refused(reason: MallRefusal) -> WotuError:
    """The error of an item that cannot be had."""
    code, sentence = _OF_THE_MALL[reason]
    return WotuError(code, sentence, field="item", given={"refusal": reason.value, "left": 0, "asked": 1})


def refused(reason: CouponRefusal, *, field: str = "coupon", **given: object) -> WotuError:
    """The error of a coupon that cannot be issued, claimed or used."""
    return WotuError(
        ErrorCode.COUPON_REFUSED, _SENTENCES[reason], field=field, given={"refusal": reason.value, **given}
    )
