"""Programmes, their members, mall and badges as the API tells them: money is decimal text, a rate a share."""

from __future__ import annotations

from datetime import datetime

from wotu.accounts.sight import Sight
from wotu.api.schemas import badges, mall, programmes
from wotu.core.customer_ids import customer_text
from wotu.ledger import due_services
from wotu.ledger import reads as ledger
from wotu.loyalty.programme import member_reads
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme.badge_reads import BadgeRow, CustomerBadge
from wotu.loyalty.programme.mall_reads import ItemRow, RedemptionRow
from wotu.loyalty.programme.reads import Club
from wotu.loyalty.programme.services import json_of
from wotu.loyalty.programme.written_earning import written_levels, written_rule, written_terms


def shown_programme(club: Club) -> programmes.Programme:
    """Terms, without the rules."""
    same = ("code", "name", "points_unit", "growth_unit", "version", "members", "created_by", "created_at")
    return programmes.Programme(**written_terms(club.terms), **{name: getattr(club, name) for name in same})


def shown_in_full(club: Club) -> programmes.ProgrammeInFull:
    """With the rules in force."""
    earn = [written_rule(each, club.terms["currency"]) for each in club.rules.earn]
    return programmes.ProgrammeInFull(
        **shown_programme(club).model_dump(), earn=earn, tiers=json_of(club.rules.tiers)
    )  # fmt: skip


def shown_member(code: str, customer: int, now: datetime) -> programmes.MemberInFull:
    """What a customer has in a programme, after what was due is carried out."""
    due_services.carry_out_due(customer, now=now)
    found = member_reads.of_programme(code, customer, now=now)
    had = next((each for each in ledger.balances(customer) if each.unit.code == found.points_unit), None)
    points = {name: getattr(had, name, 0) for name in ("free", "held", "pending", "owed")}
    lots = ledger.lots(customer, found.points_unit)
    return programmes.MemberInFull(
        customer=customer_text(customer), programme=code, joined_at=club_reads.joined_at(code, customer),
        points=programmes.PointsBalance(**points),
        lots=[
            programmes.PointsLot(points=each.remaining, available_at=each.available_at, expires_at=each.expires_at)
            for each in lots
        ],
        level=_level(found) if found.has_levels else None,
        streak=found.streak.days if found.streak else None,
        checked_in_today=found.streak.today if found.streak else None,
    )  # fmt: skip


def shown_item(row: ItemRow) -> mall.Item:
    """An item with what is left of it."""
    same = ("programme", "name", "points", "stock", "left", "per_customer", "taken", "offered", "created_at")
    return mall.Item(id=row.number, coupon_template=row.template, **{name: getattr(row, name) for name in same})


def shown_redemption(row: RedemptionRow, sight: Sight) -> mall.Redemption:
    """Who took what; a key may hold an identifier."""
    same = ("item", "name", "points", "coupon", "at", "cancelled_at")
    return mall.Redemption(
        id=row.number, customer=None if row.customer is None else customer_text(row.customer),
        key=sight.text(row.key), **{name: getattr(row, name) for name in same},
    )  # fmt: skip


def shown_badge(row: BadgeRow) -> badges.Badge:
    """A badge with how many have each level."""
    levels = written_levels(row.metric, row.levels, row.currency)
    return badges.Badge(
        code=row.code, name=row.name, metric=row.metric,
        levels=[
            badges.BadgeLevel(at=at, customers=number) for at, number in zip(levels, row.holders, strict=True)
        ],
    )  # fmt: skip


def shown_own_badge(own: CustomerBadge) -> badges.OwnBadge:
    """How far a customer is."""
    row = own.badge
    (value,) = written_levels(row.metric, [own.value], row.currency)
    above = written_levels(row.metric, [] if own.next_at is None else [own.next_at], row.currency)
    return badges.OwnBadge(
        code=row.code, name=row.name, metric=row.metric, level=own.level, levels=len(row.levels),
        awarded_at=own.awarded_at, value=value, next_at=next(iter(above), None),
    )  # fmt: skip


def _level(found: member_reads.InProgramme) -> programmes.LevelStanding:
    had = found.standing
    same = ("level", "since", "last_day", "in_grace", "by_hand", "balance", "next_level", "missing")
    takes = max(0, had.balance) + had.missing
    progress = max(0, had.balance) / takes if had.next_level and takes else None
    return programmes.LevelStanding(progress=progress, **{name: getattr(had, name) for name in same})
