"""Promotions are written for a draft, changed until its launch, and ended.

Whoever approved the launch has seen what it promises: a campaign that was launched gets no more of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from django.db import transaction

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import LARGEST_AMOUNT, Cause
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.models import Campaign
from wotu.loyalty.pricing import Rule
from wotu.loyalty.pricing.rules import STAGES
from wotu.loyalty.promotions.models import Promotion, PromotionCustomer, PromotionSlot

PROMOTION = "promotion:"
MOST_SLOTS, MOST_CUSTOMERS, LONGEST_REASON = 200, 1_000_000, 200
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Slot:
    """From ``starts_at`` until ``ends_at`` (not included; ``None``: as its campaign), ``total`` orders or pieces."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    total: int | None = None


@dataclass(frozen=True)
class Terms:
    """What a promotion promises: ``rule`` as it is kept; of ``customers``, ``None`` is everybody.

    ``reason`` is why it is for some, as customers read it; without it the launch is refused.
    """

    name: str
    rule: Mapping[str, Any]
    per_customer: int | None = None
    slots: Sequence[Slot] = (Slot(),)
    customers: Collection[int] | None = None
    reason: str = ""


def create_promotion(campaign: int, terms: Terms, *, by: str, now: datetime) -> int:
    """A promotion of a draft; its number."""
    _check(terms)
    with transaction.atomic():
        row = _draft(campaign)
        made = Promotion.objects.create(campaign=row, created_by=by[:80], created_at=now, **_columns(terms, row))
        _write_parts(made, terms)
    return made.pk


def rewrite_promotion(promotion: int, terms: Terms) -> None:
    """Change a promotion of a draft to what ``terms`` say."""
    _check(terms)
    with transaction.atomic():
        found = Promotion.objects.filter(pk=promotion).first()
        if found is None:
            raise _gone()
        row = _draft(found.campaign_id)
        Promotion.objects.filter(pk=promotion).update(**_columns(terms, row))
        found.slots.all().delete()
        found.customers.all().delete()
        _write_parts(found, terms)


def open_limits(campaign: Campaign, now: datetime) -> None:
    """Make the totals of a campaign's slots limits of the ledger, within the transaction of its launch."""
    for slot in PromotionSlot.objects.filter(promotion__campaign=campaign, account=None).select_related("promotion"):
        if slot.total is None:
            continue
        row = slot.promotion
        kind = UnitKind.STOCK if counts_pieces(rule_of(row.pk, row.rule)) else UnitKind.USES
        services.open_unit(unit_of(row.pk), kind, row.name)
        cause = Cause(campaign.code, 1, f"promotion:{row.pk}", f"slot:{slot.number}", "open")
        slot.account = limit_services.open_limit(cause, unit=unit_of(row.pk), owner=slot.pk, total=slot.total, now=now)
        slot.save(update_fields=["account"])


def end_promotion(promotion: int, *, now: datetime) -> bool:
    """End a promotion for good; false when it had ended. What is held with it may still be paid."""
    rows = Promotion.objects.filter(pk=promotion)
    if not rows.exists():
        raise _gone()
    return bool(rows.filter(ended_at=None).update(ended_at=now))


def rule_of(promotion: int, rule: Mapping[str, Any]) -> Rule:
    """The price rule of a promotion; raises what is wrong with it."""
    try:
        return msgspec.convert({**rule, "rule_id": f"{PROMOTION}{promotion}"}, Rule)
    except msgspec.ValidationError as error:
        raise invalid_argument("rule", f"The rule cannot be read: {error}.") from error


def unit_of(promotion: int) -> str:
    """The ledger's unit of what may be had of a promotion."""
    return f"{PROMOTION}{promotion}"


def counts_pieces(rule: Rule) -> bool:
    """Whether caps count pieces, as those of special prices do, and not orders."""
    return isinstance(rule.effect, STAGES[0])


def _check(terms: Terms) -> None:
    if not 0 < len(terms.name.strip()) <= 120 or "\x00" in terms.name:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    if len(terms.reason) > LONGEST_REASON or "\x00" in terms.reason:
        raise invalid_argument("reason", f"Write a reason of at most {LONGEST_REASON} characters.")
    if terms.per_customer is not None and not 1 <= terms.per_customer <= 1_000_000:
        raise invalid_argument("per_customer", "per_customer must lie between 1 and 1,000,000.")
    if terms.customers is not None and len(terms.customers) > MOST_CUSTOMERS:
        raise invalid_argument("customers", f"A promotion is for a list of {MOST_CUSTOMERS:,} customers at most.")
    _check_slots(terms.slots)
    rule_of(0, terms.rule)


def _check_slots(slots: Sequence[Slot]) -> None:
    if not 1 <= len(slots) <= MOST_SLOTS:
        raise invalid_argument("slots", f"A promotion has 1 to {MOST_SLOTS} slots.")
    for each in slots:
        if each.total is not None and not 1 <= each.total <= LARGEST_AMOUNT:
            raise invalid_argument("slots", f"The total of a slot lies between 1 and {LARGEST_AMOUNT:,}.")
        if each.starts_at is not None and each.ends_at is not None and each.ends_at <= each.starts_at:
            raise invalid_argument("slots", "A slot ends after it begins.")
    for one, other in pairwise(slots):
        if one.ends_at is None or other.starts_at is None or other.starts_at < one.ends_at:
            raise invalid_argument("slots", "Slots follow one another: each begins when the one before has ended.")


def _columns(terms: Terms, campaign: Campaign) -> dict[str, Any]:
    return {
        "name": terms.name.strip(), "rule": {**terms.rule, "currency": campaign.currency},
        "per_customer": terms.per_customer, "listed": terms.customers is not None,
        "reason": terms.reason.strip(),
    }  # fmt: skip


def _write_parts(made: Promotion, terms: Terms) -> None:
    PromotionSlot.objects.bulk_create(
        PromotionSlot(promotion=made, number=n, starts_at=each.starts_at, ends_at=each.ends_at, total=each.total)
        for n, each in enumerate(terms.slots)
    )
    rows = (PromotionCustomer(promotion=made, customer=each) for each in sorted(set(terms.customers or ())))
    PromotionCustomer.objects.bulk_create(rows, batch_size=_AT_ONCE)


def _draft(campaign: int) -> Campaign:
    row = Campaign.objects.select_for_update().filter(pk=campaign).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
    if row.state != CampaignState.DRAFT:
        raise invalid_argument("campaign", "Promotions are written before a campaign is launched.")
    return row


def _gone() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such promotion.", field="promotion")
