"""Plans are written and withdrawn, and pools of partners' codes are filled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import F

from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.core.money import LARGEST_MINOR
from wotu.loyalty.campaigns import launch_checks
from wotu.loyalty.campaigns.launch_checks import LEAST_RENEWAL_DAYS
from wotu.loyalty.choices import CodePeriod
from wotu.loyalty.membership import reads
from wotu.loyalty.membership.benefits import Benefits, better_of
from wotu.loyalty.membership.models import Membership, PartnerCode, PartnerPool, Plan
from wotu.loyalty.models import CouponTemplate

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_CODES = 100_000


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a plan is: ``price`` in minor units for ``months`` and ``days``, and what it ``brings``."""

    name: str
    price: int
    months: int = 0
    days: int = 0
    trial_days: int = 0
    renews: bool = False
    notice_days: int = LEAST_RENEWAL_DAYS
    brings: Benefits = field(default_factory=Benefits)


def create_plan(
    name: str, *, code: str, product_id: str, price: int, months: int = 0, days: int = 0, by: str, now: datetime,
    benefits: Benefits | None = None, currency: str = "CNY", trial_days: int = 0, grace_days: int = 0,
    renews: bool = False, notice_days: int = LEAST_RENEWAL_DAYS,
) -> int:  # fmt: skip
    """A plan that is offered from now on; its number. What was bought keeps its length when a plan is withdrawn."""
    if not _CODE.fullmatch(code):
        raise invalid_argument("code", "code must have 1 to 40 characters of a-z, 0-9 and -, the first no dash.")
    _check_text("product_id", product_id, 120)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise invalid_argument("currency", "currency must be three capital letters such as CNY.")
    _check_number("grace_days", grace_days, 0, 90)
    terms = Terms(
        name=name, price=price, months=months, days=days, trial_days=trial_days, renews=renews,
        notice_days=notice_days, brings=benefits or Benefits(),
    )  # fmt: skip
    _check(terms)
    with transaction.atomic():
        _check_free(code=code, product_id=product_id)
        _check_coupons(terms.brings)
        try:
            with transaction.atomic():
                return Plan.objects.create(
                    code=code, product_id=product_id, currency=currency, grace_days=grace_days, created_by=by[:80],
                    created_at=now, **_columns(terms),
                ).pk  # fmt: skip
        except IntegrityError:
            # Somebody wrote one at the same moment.
            _check_free(code=code, product_id=product_id)
            raise


def change_plan(code: str, terms: Terms, *, now: datetime) -> bool:
    """Make a plan what ``terms`` say; whether that changed anything. What was bought keeps its length and its end.

    While somebody is a member no benefit is made smaller (``benefit_taken``): they have paid for it.
    """
    _check(terms)
    with transaction.atomic():
        row = plan_of(code, lock=True)
        _check_coupons(terms.brings)
        had = msgspec.convert(row.benefits, Benefits)
        running = Membership.objects.filter(plan=row, after__gt=reads.today(now), customer__gte=0).filter(
            after__gt=F("first")
        )
        if better_of((had, terms.brings)) != better_of((terms.brings,)) and running.exists():
            message = "Members have paid for benefits that this takes away; withdraw the plan and write another one."
            raise WotuError(ErrorCode.LIMIT_REACHED, message, field="benefits", given={"refusal": "benefit_taken"})
        changed = {name: value for name, value in _columns(terms).items() if getattr(row, name) != value}
        Plan.objects.filter(pk=row.pk).update(**changed)
    return bool(changed)


def offer_plan(code: str, *, offered: bool) -> bool:
    """Offer a plan or withdraw it; whether that changed anything. Members keep what they bought."""
    row = plan_of(code)
    if offered:
        launch_checks.refuse_blocked(launch_checks.renewal_notice(renews=row.renews, notice_days=row.notice_days))
    return bool(Plan.objects.filter(code=code, offered=not offered).update(offered=offered))


def create_pool(
    plan: str, name: str, *, now: datetime, period: str = CodePeriod.MONTH, low_at: int = 0
) -> int:  # fmt: skip
    """A pool for the codes of a partner, for members of a plan; its number."""
    _check_text("name", name, 120)
    if period not in CodePeriod.values:
        raise invalid_argument("period", f"period={period!r} must be one of {', '.join(CodePeriod.values)}.")
    if not 0 <= low_at <= _MOST_CODES:
        raise invalid_argument("low_at", f"low_at must lie between 0 and {_MOST_CODES:,}.")
    return PartnerPool.objects.create(
        plan=plan_of(plan), name=name.strip(), period=period, low_at=low_at, created_at=now
    ).pk


def add_codes(pool: int, codes: Iterable[str]) -> int:
    """Put codes into a pool; how many were not there yet. The same file twice adds nothing."""
    wanted = list(dict.fromkeys(each.strip() for each in codes if each.strip()))
    if len(wanted) > _MOST_CODES:
        raise invalid_argument("codes", f"Give at most {_MOST_CODES:,} codes at once.")
    for each in wanted:
        _check_text("codes", each, 200)
    with transaction.atomic():
        if not PartnerPool.objects.select_for_update().filter(pk=pool).exists():
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such pool of codes.", field="pool")
        before = PartnerCode.objects.filter(pool=pool).count()
        rows = (PartnerCode(pool_id=pool, code=each) for each in wanted)
        PartnerCode.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        return PartnerCode.objects.filter(pool=pool).count() - before


def plan_of(code: str, *, lock: bool = False) -> Plan:
    """The plan's row; raises ``not_found``."""
    rows = Plan.objects.select_for_update() if lock else Plan.objects.all()
    row = None if "\x00" in code else rows.filter(code=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such plan.", field="plan")
    return row


def _check_free(**named: str) -> None:
    for field_, value in named.items():
        if Plan.objects.filter(**{field_: value}).exists():
            raise invalid_argument(field_, f"There is a plan with this {field_} already; take another one.")


def _check_text(part: str, value: str, most: int) -> None:
    if not 0 < len(value.strip()) <= most or len(value) > most or "\x00" in value:
        raise invalid_argument(part, f"{part} must have 1 to {most} characters.")


def _check(terms: Terms) -> None:
    _check_text("name", terms.name, 120)
    _check_number("price", terms.price, 0, LARGEST_MINOR)
    for part, most in (("months", 120), ("days", 3_660), ("trial_days", 366), ("notice_days", 60)):
        _check_number(part, getattr(terms, part), 0, most)
    if not terms.months and not terms.days:
        raise invalid_argument("months", "A plan lasts at least a day; give months or days.")
    launch_checks.refuse_blocked(launch_checks.renewal_notice(renews=terms.renews, notice_days=terms.notice_days))


def _check_number(part: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise invalid_argument(
            part, f"{part}={value} must lie between {least} and {most}.", Reason.OUT_OF_RANGE, least=least, most=most
        )


def _check_coupons(brings: Benefits) -> None:
    wanted = {each.template for each in brings.coupons}
    if CouponTemplate.objects.filter(pk__in=wanted).count() < len(wanted):
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="benefits")


def _columns(terms: Terms) -> dict[str, Any]:
    told = {name: getattr(terms, name) for name in ("price", "months", "days", "trial_days", "renews", "notice_days")}
    return told | {"name": terms.name.strip(), "benefits": msgspec.json.decode(msgspec.json.encode(terms.brings))}
