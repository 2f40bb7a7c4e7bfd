"""What the checks of a launch are given to look at, and what they find of a campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.campaigns import launch_checks
from wotu.loyalty.campaigns.launch_checks import PRICE_BASE_DAYS, Deal, Finding, KindForWhom, Unchecked
from wotu.loyalty.choices import ForWhom, OrderState, ProgrammeState
from wotu.loyalty.models import Campaign, CouponTemplate, Order, ProgrammeVersion, Promotion, TemplateVersion
from wotu.loyalty.pricing import Quote
from wotu.loyalty.pricing.rules import Scope

# Effects that take something off a price which customers see.
_OFF_A_PRICE = ("percent", "amount_off", "full_discount", "limited_time_price", "flash_price")
_MOST_ORDERS = 20_000


def campaign_findings(code: str, *, now: datetime) -> tuple[Finding, ...]:
    """Everything that is found of a campaign, what stops its launch first; raises ``not_found``."""
    row = None if "\x00" in code else Campaign.objects.filter(code=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
    given = _given(row)
    sense = launch_checks.campaign_sense(gives=_gives(row), ends_at=row.ends_at, now=now)
    found = _law(given, now) + sense
    scopes = [
        msgspec.convert(rule.get("scope", {}), Scope)
        for _, rule in given if rule.get("effect", {}).get("type") in _OFF_A_PRICE
    ]  # fmt: skip
    if scopes:
        found += launch_checks.price_base(_deals(scopes, row.currency, now), row.currency)
    return tuple(sorted(found, key=lambda each: not each.blocks))


def refuse_unlawful(campaign: Campaign, *, now: datetime) -> None:
    """Raise ``launch_refused`` when a campaign may not run as it stands; called by whatever lets it run or changes it.

    Checks that only warn are left out: they read more than a launch should wait for.
    """
    launch_checks.refuse_blocked(_law(_given(campaign), now))


def _law(given: Sequence[tuple[KindForWhom, Mapping[str, Any]]], now: datetime) -> list[Finding]:
    told = [kind for kind, _ in given]
    return launch_checks.equal_price(told, _public_levels(now) if any(kind.tiers for kind in told) else ())


def _given(campaign: Campaign) -> list[tuple[KindForWhom, Mapping[str, Any]]]:
    """What a campaign gives, each kind of coupon and each promotion, for whom, and the rule it promises now."""
    kinds = list(CouponTemplate.objects.filter(campaign=campaign).order_by("pk"))
    rules = dict(
        TemplateVersion.objects.filter(template__in=kinds).order_by("version").values_list("template_id", "rule")
    )
    coupons = [(kind.name, kind.for_whom == ForWhom.CHOSEN, kind.reason, rules.get(kind.pk, {})) for kind in kinds]
    promotions = Promotion.objects.filter(campaign=campaign).order_by("pk")
    return [
        (KindForWhom(name, chosen=chosen, tiers=tuple(rule.get("tiers", ())), reason=reason), rule)
        for name, chosen, reason, rule in (*coupons, *promotions.values_list("name", "listed", "reason", "rule"))
    ]


def _gives(campaign: Campaign) -> bool:
    """Whether anything belongs to it: a kind of coupon, a promotion, whatever else campaigns carry."""
    names = (each.get_accessor_name() for each in campaign._meta.related_objects)
    return any(getattr(campaign, name).exists() for name in names if name)


def _public_levels(now: datetime) -> set[str]:
    """Names of the levels that programmes publish now."""
    rows = ProgrammeVersion.objects.filter(programme__state=ProgrammeState.LIVE, starts_at__lte=now)
    newest = dict(rows.order_by("version").values_list("programme_id", "tiers"))
    return {level["key"] for tiers in newest.values() for level in tiers.get("levels", ())}


def _deals(scopes: Sequence[Scope], currency: str, now: datetime) -> list[Deal] | Unchecked:
    """Of each product in scope the last list price and the least that a piece was sold for in the days before."""
    paid = Order.objects.filter(
        state=OrderState.PAID, currency=currency, paid_at__gte=now - timedelta(days=PRICE_BASE_DAYS), paid_at__lte=now
    )
    quotes = list(paid.order_by("paid_at", "pk").values_list("quote", flat=True)[: _MOST_ORDERS + 1])
    if len(quotes) > _MOST_ORDERS:
        return Unchecked.TOO_MANY_SALES
    listed, lowest = dict[str, int](), dict[str, int]()
    for product, price, piece in _sold(quotes, scopes):
        listed[product] = price
        lowest[product] = min(piece, lowest.get(product, piece))
    if not listed:
        return Unchecked.NO_SALES
    return [Deal(product, price, lowest[product]) for product, price in sorted(listed.items())]


def _sold(quotes: Sequence[Any], scopes: Sequence[Scope]) -> Iterator[tuple[str, int, int]]:
    """(product, list price, price of a piece) of each line in scope; points are money, so they take off nothing."""
    for each in quotes:
        if not each:
            continue
        quote = msgspec.convert(each, Quote)
        priced = {line.line_id: line for line in quote.lines}
        for line in quote.cart.lines:
            if any(scope.holds(line) for scope in scopes):
                of_line = priced[line.line_id]
                yield line.product_id, line.unit_price, (of_line.payable + of_line.points_amount) // line.quantity
