"""A campaign and its promotion written together, as one form has them, and changed together until the launch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.models import Campaign, Promotion
from wotu.loyalty.promotions.services import Terms, create_promotion, rewrite_promotion


@dataclass(frozen=True)
class PromotionDraft:
    """What a campaign with one promotion is to be; ``budget`` in minor units, ``None``: without that limit."""

    terms: Terms
    budget: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def write_draft(code: str, draft: PromotionDraft, *, currency: str, by: str, now: datetime) -> int:
    """A campaign with one promotion, called the same; the promotion's number."""
    with transaction.atomic():
        made = campaign_services.create_campaign(
            code, draft.terms.name, by=by, now=now, budget=draft.budget, currency=currency, starts_at=draft.starts_at,
            ends_at=draft.ends_at,
        )  # fmt: skip
        return create_promotion(made, draft.terms, by=by, now=now)


def rewrite_draft(promotion: int, draft: PromotionDraft) -> None:
    """Change a promotion and its campaign to what ``draft`` says; a campaign that was launched is refused."""
    name = draft.terms.name
    campaign_services.check_campaign(name, draft.budget, draft.starts_at, draft.ends_at)
    with transaction.atomic():
        rewrite_promotion(promotion, draft.terms)
        row = Promotion.objects.get(pk=promotion)
        Campaign.objects.filter(pk=row.campaign_id).update(
            name=name.strip(), budget=draft.budget, starts_at=draft.starts_at, ends_at=draft.ends_at
        )
