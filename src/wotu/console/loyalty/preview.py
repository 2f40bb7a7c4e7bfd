"""What a draft looks like to customers: their own page, drawn with the coupon as it stands, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from wotu.core.periods import from_micros, to_micros
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons import words as coupon_words
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.coupons.wallet import OwnCoupon
from wotu.loyalty.pricing import AmountOff
from wotu.loyalty.validity import validity_of

_POINTS = 1280
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Preview:
    """The page of a customer, and the most that the coupons can cost: ``at_most`` is ``None`` where nothing limits."""

    page: str
    at_most: int | None
    limited_by_budget: bool


def preview(draft: Draft, currency: str, *, language: str, now: datetime) -> Preview:
    """The draft as customers see it in a language."""
    rule = coupon_services.rule_of(0, draft.rule)
    valid = validity_of(coupon_services.term_of(draft.term), to_micros(now), settings.WOTU_SETTINGS.zone)
    starts, ends = (None if at is None else from_micros(at, _UTC) for at in (valid.starts, valid.ends))
    own = OwnCoupon(0, draft.coupon_name, rule, currency, starts, ends, held=False, reason=draft.reason)
    worst = None
    if isinstance(rule.effect, AmountOff) and draft.total is not None:
        worst = draft.total * rule.effect.amount
    elif rule.most_off is not None and draft.total is not None:
        worst = draft.total * rule.most_off
    bounds = [each for each in (worst, draft.budget) if each is not None]
    at_most = min(bounds, default=None)
    return Preview(_page([own], language, now), at_most, at_most is not None and at_most != worst)


def _page(coupons: Iterable[OwnCoupon], language: str, now: datetime) -> str:
    with override(language):
        context = {
            "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": "preview", "csrf_token": "",
            "points": {"free": coupon_words.number(_POINTS)}, "lots": (),
            "coupons": [coupon_words.card(each, now, settings.WOTU_SETTINGS.zone) for each in coupons],
        }  # fmt: skip
        return render_to_string("h5/member.html", context)
