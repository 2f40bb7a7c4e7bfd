"""What others may know of coupons, their kinds and batches, as plain data. Amounts are minor units (分).

Each function asks the database a fixed number of times, however many rows it gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services
from wotu.loyalty.choices import CampaignState, CouponState
from wotu.loyalty.coupons import choice, codes
from wotu.loyalty.models import Campaign, CodeBatch, Coupon, CouponTemplate, TemplateVersion
from wotu.loyalty.refusals import CouponRefusal
from wotu.loyalty.rows import one, part

STATES = ("issued", "held", "redeemed", "expired", "voided")


_AT_ONCE = 2_000


@dataclass(frozen=True)
class CouponCounts:
    """Coupons and codes that were made, and how many of them are in each state now; they add up to ``made``."""

    made: int = 0
    issued: int = 0
    held: int = 0
    redeemed: int = 0
    expired: int = 0
    voided: int = 0


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


def templates(campaign: int, *, now: datetime) -> tuple[TemplateRow, ...]:
    """The kinds of coupons of a campaign, oldest first."""
    return _template_rows(CouponTemplate.objects.filter(campaign_id=campaign).order_by("pk"), now)


def template(number: int, *, now: datetime) -> TemplateRow:
    """One kind of coupon; raises ``not_found``."""
    rows = _template_rows(CouponTemplate.objects.filter(pk=number), now)
    return rows[0] if rows else one(CouponTemplate.objects.none(), "coupon template")


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
    return _batch(one(CodeBatch.objects.filter(pk=number), "batch of codes"))


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
    return _coupon(one(Coupon.objects.select_related("template__campaign").filter(pk=number), "coupon"), now)


def counts(campaigns: Sequence[int], *, now: datetime) -> dict[int, CouponCounts]:
    """The counts of several campaigns at once, by number; one without coupons is not in it."""
    parts = {state: Count("pk", filter=_in(state, now)) for state in STATES}
    rows: Any = Coupon.objects.filter(template__campaign__in=campaigns).values("template__campaign").order_by()
    found = list(rows.annotate(made=Count("pk"), **parts))
    return {row.pop("template__campaign"): CouponCounts(**row) for row in found}


def coupons_in(
    campaign: int, *, now: datetime, state: str = "", before: str | None = None, limit: int = 50
) -> CouponPage:  # fmt: skip
    """The coupons of a campaign, newest first; those in one state if named."""
    return coupon_page(_of(campaign, state, now), now=now, before=before, limit=limit)


def every_coupon(campaign: int, *, now: datetime, state: str = "") -> Iterator[CouponRow]:
    """All coupons of a campaign, newest first, read a part at a time."""
    before: str | None = None
    while True:
        page = coupons_in(campaign, now=now, state=state, before=before, limit=_AT_ONCE)
        yield from page.rows
        if page.next is None:
            return
        before = page.next


def why_not(coupon: int, *, now: datetime) -> CouponRefusal | None:
    """Why nobody can use the coupon for a new order now; ``None`` when its owner can."""
    row = Coupon.objects.select_related("template__campaign").filter(pk=coupon).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon.", field="coupon")
    return choice.why_not(row, "", now)


def kinds_to_give(*, now: datetime) -> tuple[TemplateRow, ...]:
    """The kinds of coupons of campaigns that run now, the newest campaign first."""
    return templates_of(_running(now), now=now)


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


def _running(now: datetime) -> list[int]:
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    going = Q(ends_at=None) | Q(ends_at__gt=now)
    return list(Campaign.objects.filter(begun, going, state=CampaignState.LIVE).values_list("pk", flat=True))


def _of(campaign: int, state: str, now: datetime) -> Any:
    rows = Coupon.objects.filter(template__campaign=campaign)
    return rows.filter(_in(state, now)) if state else rows


def _in(state: str, now: datetime) -> Q:
    """Coupons in a state as it is shown: a hold that is over holds nothing, and what has ended is expired."""
    free = Q(state=CouponState.ISSUED) | Q(state=CouponState.HELD, held_until__lte=now)
    alive = Q(ends_at=None) | Q(ends_at__gt=now)
    return {
        "issued": free & alive,
        "held": Q(state=CouponState.HELD, held_until__gt=now),
        "redeemed": Q(state=CouponState.REDEEMED),
        "expired": free & Q(ends_at__lte=now),
        "voided": Q(state=CouponState.VOIDED),
    }.get(state, Q(pk=None))
