"""A coupon as a row of a table: its code shows its last signs, unless its page is open to who may see it whole."""

from __future__ import annotations

from dataclasses import dataclass

from wotu.console import figures
from wotu.console.loyalty.campaign_words import COUPON_STATES, days, span
from wotu.core.customer_ids import customer_text
from wotu.loyalty.coupons.reads import CouponRow

_SHOWN = 4


@dataclass(frozen=True)
class ShownCoupon:
    """A coupon with its state in words."""

    row: CouponRow
    state: str
    code: str
    customer_id: str
    until: str
    span: str


def shown_coupon(row: CouponRow) -> ShownCoupon:
    """A coupon in words."""
    customer = "" if row.customer is None or row.customer < 0 else customer_text(row.customer)
    first, last = days(row.starts_at, row.ends_at)
    return ShownCoupon(
        row, str(COUPON_STATES.get(row.state, row.state)), short_code(row.code), customer,
        "" if last is None else figures.day(last), span(first, last),
    )  # fmt: skip


def short_code(code: str | None) -> str:
    """The last signs of a code, which is worth money to whoever reads it whole."""
    return "" if code is None else f"…{code[-_SHOWN:]}"
