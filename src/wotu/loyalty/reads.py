"""What others may know of campaigns, coupons and orders, as plain data. Amounts are minor units (分).

Each function asks the database a fixed number of times, however many rows it gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Count, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import limit_services
from wotu.loyalty import codes
from wotu.loyalty.choices import CampaignState, CouponState
from wotu.loyalty.models import Campaign, CodeBatch, Coupon, CouponTemplate, Order, TemplateVersion
from wotu.loyalty.pricing import Quote, Refund

_DIGITS = 18


@dataclass(frozen=True)
class BudgetRoom:
    """A budget and what is used, held and left of it; before the launch all of it is left."""

    total: int
    used: int
    held: int

    @property
    def left(self) -> int:
        return self.total - self.used - self.held


@dataclass(frozen=True)
class CampaignRow:
    """A campaign; ``budget`` is ``None`` without a limit."""

    number: int
    code: str
    name: str
    state: str
    currency: str
    budget: BudgetRoom | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_by: str
    approved_by: str
    created_at: datetime
    launched_at: datetime | None
    asked_by: str
    asked_at: datetime | None


@dataclass(frozen=True)
class CampaignPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[CampaignRow, ...]
    next: str | None


@dataclass(frozen=True)
class TemplateRow:
    """A kind of coupon as its last version promises it, and how many there are.

    ``issued`` counts every coupon and code that was made; ``held``, ``redeemed`` and ``voided`` those in that state
    now; ``left`` how many more may be issued, ``None`` for any number.
    """

    number: int
    campaign: str
    currency: str
    name: str
    version: int
    rule: dict[str, Any]
    term: dict[str, Any]
    total: int | None
    per_customer: int | None
    per_day: int | None
    shared_code: str | None
    for_whom: str
    reason: str
    issued: int
    held: int
    redeemed: int
    voided: int
    left: int | None
    created_at: datetime


@dataclass(frozen=True)
class BatchRow:
    """Codes that were made together; ``taken_at`` is when they were downloaded."""

    number: int
    template: int
    name: str
    count: int
    created_by: str
    created_at: datetime
    taken_by: str
    taken_at: datetime | None


@dataclass(frozen=True)
class CouponRow:
    """One coupon. ``customer`` is a customer's number; ``state`` besides those of coupons may be ``expired``."""

    number: int
    template: int
    name: str
    campaign: str
    code: str | None
    customer: int | None
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    order_id: str | None
    held_until: datetime | None
    changed_at: datetime
    batch: int | None = None


@dataclass(frozen=True)
class CouponPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[CouponRow, ...]
    next: str | None


@dataclass(frozen=True)
class ReturnRow:
    """A return of an order that was carried out."""

    refund_id: str
    refund: Refund
    at: datetime


@dataclass(frozen=True)
class OrderRow:
    """An order: its price, what of the ledger is held or spent for it (by campaign code, and ``points``)."""

    order_id: str
    customer: int
    state: str
    quote: Quote | None
    kept: dict[str, int]
    held_until: datetime | None
    paid_at: datetime | None
    returns: tuple[ReturnRow, ...]


def campaigns(*, state: str = "", before: str | None = None, limit: int = 50) -> CampaignPage:
    """Campaigns, those in one state if named."""
    rows = Campaign.objects.filter(state=state) if state else Campaign.objects.all()
    found, following = part(rows, before, limit)
    return CampaignPage(campaign_rows(found), following)


def campaigns_between(starts: datetime, ends: datetime) -> tuple[CampaignRow, ...]:
    """Campaigns that run, ran or will run some time in it, in order of their beginning; those without one come first.

    A draft without a beginning does not run yet.
    """
    begun = Q(starts_at__lt=ends) | Q(starts_at=None, launched_at__lt=ends)
    rows = Campaign.objects.filter(begun, Q(ends_at=None) | Q(ends_at__gt=starts))
    # One that was ended without a last day is over, since when is not kept.
    rows = rows.exclude(state=CampaignState.ENDED, ends_at=None)
    return campaign_rows(sorted(rows, key=lambda row: (row.starts_at or row.launched_at or row.created_at, row.pk)))


def campaign(code: str) -> CampaignRow:
    """The campaign of that code; raises ``not_found``."""
    (row,) = campaign_rows([_one(_holding(Campaign.objects.all(), "code", code), "campaign")])
    return row


def templates(campaign: int, *, now: datetime) -> tuple[TemplateRow, ...]:
    """The kinds of coupons of a campaign, oldest first."""
    return _template_rows(CouponTemplate.objects.filter(campaign_id=campaign).order_by("pk"), now)


def template(number: int, *, now: datetime) -> TemplateRow:
    """One kind of coupon; raises ``not_found``."""
    rows = _template_rows(CouponTemplate.objects.filter(pk=number), now)
    return rows[0] if rows else _one(CouponTemplate.objects.none(), "coupon template")


def template_of_shared_code(code: str, *, now: datetime) -> TemplateRow | None:
    """The kind of coupon that has a shared code, however it is typed."""
    wanted = codes.normal(code)
    rows = _template_rows(CouponTemplate.objects.filter(shared_code=wanted), now) if wanted else ()
    return rows[0] if rows else None


def templates_of(campaigns: Sequence[int], *, now: datetime) -> tuple[TemplateRow, ...]:
    """The kinds of coupons of several campaigns, newest first."""
    return _template_rows(CouponTemplate.objects.filter(campaign__in=campaigns).order_by("-pk"), now)


def batches(template: int) -> tuple[BatchRow, ...]:
    """The batches of codes of a kind of coupon, newest first."""
    return tuple(map(_batch, CodeBatch.objects.filter(template_id=template).order_by("-pk")))


def batch(number: int) -> BatchRow:
    """One batch; raises ``not_found``."""
    return _batch(_one(CodeBatch.objects.filter(pk=number), "batch of codes"))


def coupons_of(customer: int, *, now: datetime, before: str | None = None, limit: int = 50) -> CouponPage:
    """The coupons of a customer."""
    return coupon_page(Coupon.objects.filter(customer=customer), now=now, before=before, limit=limit)


def coupon_page(rows: QuerySet[Coupon], *, now: datetime, before: str | None, limit: int) -> CouponPage:
    """A page of some coupons."""
    found, following = part(rows, before, limit, "template__campaign")
    return CouponPage(tuple(_coupon(each, now) for each in found), following)


def coupon_of_code(code: str, *, now: datetime) -> CouponRow | None:
    """The coupon that has a code, however it is typed; ``None`` when there is none."""
    wanted = codes.normal(code)
    row = Coupon.objects.select_related("template__campaign").filter(code=wanted).first() if wanted else None
    return None if row is None else _coupon(row, now)


def coupon(number: int, *, now: datetime) -> CouponRow:
    """One coupon; raises ``not_found``."""
    return _coupon(_one(Coupon.objects.select_related("template__campaign").filter(pk=number), "coupon"), now)


def order(order_id: str) -> OrderRow:
    """An order that was held here; raises ``not_found``."""
    row = _one(_holding(Order.objects.all(), "order_id", order_id), "order")
    codes_of = {str(number): code for number, code in Campaign.objects.values_list("pk", "code")}
    returns = tuple(
        ReturnRow(each.refund_id, msgspec.convert(each.refund, Refund), each.at) for each in row.returns.order_by("pk")
    )
    return OrderRow(
        row.order_id, row.customer, row.state, msgspec.convert(row.quote, Quote) if row.quote else None,
        {codes_of.get(name, name): amount for name, amount in row.kept.items()}, row.held_until, row.paid_at, returns,
    )  # fmt: skip


def campaign_rows(rows: Iterable[Campaign]) -> tuple[CampaignRow, ...]:
    """Campaigns with what is left of their budgets."""
    rows = list(rows)
    rooms = limit_services.rooms(each.budget_account for each in rows if each.budget_account is not None)
    return tuple(_campaign(each, rooms) for each in rows)


def _campaign(row: Campaign, rooms: dict[int, limit_services.Room]) -> CampaignRow:
    room = rooms.get(row.budget_account or 0)
    budget = None if row.budget is None else BudgetRoom(row.budget, 0, 0)
    if room is not None:
        budget = BudgetRoom(room.limit, room.used, room.held)
    return CampaignRow(
        row.pk, row.code, row.name, row.state, row.currency, budget, row.starts_at, row.ends_at, row.created_by,
        row.approved_by, row.created_at, row.launched_at, row.asked_by, row.asked_at,
    )  # fmt: skip


def _template_rows(rows: QuerySet[CouponTemplate], now: datetime) -> tuple[TemplateRow, ...]:
    found = list(rows.select_related("campaign"))
    numbers = [each.pk for each in found]
    counts = {each["template_id"]: each for each in _counts(numbers, now)}
    versions = {
        each.template_id: each for each in TemplateVersion.objects.filter(template__in=numbers).order_by("version")
    }
    rooms = limit_services.rooms(each.total_account for each in found if each.total_account is not None)
    return tuple(_template(each, versions[each.pk], counts.get(each.pk, {}), rooms) for each in found)


def _counts(templates: list[int], now: datetime) -> Iterable[dict[str, Any]]:
    held = Q(state=CouponState.HELD, held_until__gt=now)
    rows: Any = Coupon.objects.filter(template__in=templates).values("template_id").annotate(
        issued=Count("pk"), held=Count("pk", filter=held),
        redeemed=Count("pk", filter=Q(state=CouponState.REDEEMED)),
        voided=Count("pk", filter=Q(state=CouponState.VOIDED)),
    )  # fmt: skip
    return list(rows)


def _template(
    row: CouponTemplate, version: TemplateVersion, counts: dict[str, Any], rooms: dict[int, limit_services.Room]
) -> TemplateRow:
    room = rooms.get(row.total_account or 0)
    count = {name: int(counts.get(name, 0)) for name in ("issued", "held", "redeemed", "voided")}
    return TemplateRow(
        number=row.pk, campaign=row.campaign.code, currency=row.campaign.currency, name=row.name,
        version=version.version, rule=version.rule, term=version.term, total=row.total,
        per_customer=row.per_customer, per_day=row.per_day, shared_code=row.shared_code, for_whom=row.for_whom,
        reason=row.reason, **count,
        left=None if room is None else room.left, created_at=row.created_at,
    )  # fmt: skip


def _batch(row: CodeBatch) -> BatchRow:
    return BatchRow(
        row.pk, row.template_id, row.name, row.count, row.created_by, row.created_at, row.taken_by, row.taken_at
    )


def _coupon(row: Coupon, now: datetime) -> CouponRow:
    held = row.state == CouponState.HELD and row.held_until is not None and row.held_until > now
    state = CouponState.ISSUED.value if row.state == CouponState.HELD and not held else row.state
    if state == CouponState.ISSUED and row.ends_at is not None and row.ends_at <= now:
        state = "expired"
    kept = held or row.state == CouponState.REDEEMED
    return CouponRow(
        row.pk, row.template_id, row.template.name, row.template.campaign.code, row.code, row.customer, state,
        row.starts_at, row.ends_at, row.order_id if kept else None, row.held_until if held else None, row.changed_at,
        row.batch_id,
    )  # fmt: skip


def part(rows: QuerySet[Any], before: str | None, limit: int, *related: str) -> tuple[list[Any], str | None]:
    """A page of rows, newest first, and where it stopped; raises when ``before`` is no such place."""
    if before is not None:
        if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
            raise invalid_argument("before", f"before={before[:40]!r} is not what an earlier page gave as next.")
        rows = rows.filter(pk__lt=int(before))
    if related:
        rows = rows.select_related(*related)
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], str(found[limit - 1].pk) if len(found) > limit else None


def _holding(rows: QuerySet[Any], field: str, text: str) -> QuerySet[Any]:
    # PostgreSQL keeps no text with a NUL and refuses to look for one.
    return rows.none() if "\x00" in text else rows.filter(**{field: text})


def _one(rows: QuerySet[Any], what: str) -> Any:
    row = rows.first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no such {what}.", field=what.split()[0])
    return row
