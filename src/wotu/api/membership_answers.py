"""Plans and members as the API tells them."""

from __future__ import annotations

from datetime import datetime

from wotu.answers.kept import workspace
from wotu.api.schemas import memberships as told
from wotu.core.customer_ids import customer_text
from wotu.core.money import decimal_text
from wotu.ledger import reads as ledger
from wotu.loyalty.membership import reads
from wotu.loyalty.orders import saved_reads
from wotu.loyalty.pricing.rules import WHOLE
from wotu.loyalty.programme import member_reads


def shown_plan(row: reads.PlanRow) -> told.Plan:
    """A plan; money is decimal text, a rate a share."""
    brings = row.benefits
    benefits = told.PlanBenefits(
        multiplier=brings.multiplier, price_off=brings.price_off / WHOLE, free_shipping=brings.free_shipping,
        coupons=[told.MonthlyCoupons(template=each.template, count=each.count) for each in brings.coupons],
    )  # fmt: skip
    return told.Plan(
        code=row.code, name=row.name, product_id=row.product_id, price=decimal_text(row.price, row.currency),
        currency=row.currency, months=row.months, days=row.days, trial_days=row.trial_days, grace_days=row.grace_days,
        renews=row.renews, notice_days=row.notice_days, benefits=benefits, offered=row.offered, members=row.members,
    )  # fmt: skip


def shown_pool(row: reads.PoolRow) -> told.Pool:
    """A pool without its codes."""
    return told.Pool(
        id=row.number, plan=row.plan, name=row.name, period=row.period, left=row.left, taken=row.taken, low=row.low
    )


def shown_member(customer: int, now: datetime) -> told.MemberRead:
    """What a customer has as a member."""
    club = member_reads.in_programme(customer, now=now)
    currency = workspace().settings.currency
    saved = saved_reads.saved_this_year(customer, now=now, currency=currency)
    names = ("total", "discounts", "shipping", "points")
    return told.MemberRead(
        customer=customer_text(customer), programme=club.code if club else None, level=_level(club),
        points=_points(customer, club.points_unit) if club else None,
        streak=club.streak.days if club and club.streak else None,
        checked_in_today=club.streak.today if club and club.streak else None,
        plans=[_own(each) for each in reads.plans_of(customer, now)],
        saved=told.SavedThisYear(
            currency=currency, **{name: decimal_text(getattr(saved, name), currency) for name in names}
        ),
    )  # fmt: skip


def _level(club: member_reads.InProgramme | None) -> told.Level | None:
    if club is None or not club.has_levels:
        return None
    had = club.standing
    return told.Level(
        level=had.level, last_day=had.last_day, in_grace=had.in_grace, balance=had.balance, next_level=had.next_level,
        missing=had.missing,
    )  # fmt: skip


def _points(customer: int, unit: str) -> int:
    return sum(each.free for each in ledger.balances(customer) if each.unit.code == unit)


def _own(row: reads.OwnPlan) -> told.OwnPlan:
    return told.OwnPlan(
        plan=row.code, name=row.name, membership=None if row.in_grace else row.membership, first_day=row.first_day,
        last_day=row.last_day, in_grace=row.in_grace, trial=row.trial, renews=row.renews, renews_on=row.renews_on,
        noticed_at=row.noticed_at,
    )  # fmt: skip
