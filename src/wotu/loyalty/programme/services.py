"""Programmes are set up, their rules change by versions, customers join and get levels by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.db import IntegrityError, transaction

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.periods import to_micros
from wotu.ledger import services
from wotu.ledger.choices import UnitKind
from wotu.loyalty.campaigns import launch_checks
from wotu.loyalty.choices import Expiry, Joining, ProgrammeState
from wotu.loyalty.coupons.choice import Offer
from wotu.loyalty.models import Enrolment, Programme, ProgrammeVersion
from wotu.loyalty.pricing import PointsOff, Rule
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.streaks import ProgramDay
from wotu.loyalty.programme.terms import PointsTerm
from wotu.loyalty.programme.tiers import Manual, TierRules

CLUB = "club"
POINTS, GROWTH = "points", "growth"
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# The longest rule id that leaves room for the rest of a cause.
_LONGEST_RULE = 40
# Each is weighed whenever the level is reckoned.
_MOST_BY_HAND = 100


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a programme promises: a table of earn rules (of ``points`` and ``growth``), and levels."""

    earn: tuple[EarnRule, ...] = ()
    tiers: TierRules = TierRules(levels=())


def create_programme(
    name: str, rules: Rules, *, zone: str, by: str, now: datetime, code: str = CLUB, starts_at: datetime | None = None,
    points_unit: str = "", growth_unit: str = "", **terms: Any,
) -> int:  # fmt: skip
    """A programme with its first rules, in force from ``starts_at`` (now); its number. ``terms`` as ``set_terms``.

    Its units are ``points`` and ``growth`` for the club; another programme has its own, named after its code.
    """
    points_unit, growth_unit = (given or _unit_of(code, unit) for given, unit in (
        (points_unit, POINTS), (growth_unit, GROWTH),
    ))  # fmt: skip
    if not _CODE.fullmatch(code):
        raise invalid_argument("code", "code must have 1 to 40 characters of a-z, 0-9 and -, the first no dash.")
    if not 0 < len(name.strip()) <= 120:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Programme.objects.create(
                    code=code, name=name.strip(), zone=zone, points_unit=points_unit, growth_unit=growth_unit,
                    created_by=by, created_at=now,
                )  # fmt: skip
        except IntegrityError as error:
            message = f"There is a programme {code!r} already; take another code."
            raise invalid_argument("code", message) from error
        services.open_unit(points_unit, UnitKind.POINTS, name.strip())
        services.open_unit(growth_unit, UnitKind.GROWTH, name.strip())
        set_terms(code, zone=zone, **terms)
        set_rules(code, rules, by=by, now=now, starts_at=starts_at)
    return made.pk


def rename(code: str, name: str) -> None:
    """Call a programme something else."""
    if not 0 < len(name.strip()) <= 120:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    Programme.objects.filter(code=code).update(name=name.strip())


def set_terms(code: str, /, **terms: Any) -> bool:
    """Change terms of a programme, named like the columns of ``Programme``; whether anything changed.

    What was earned keeps the life it was given.
    """
    with transaction.atomic():
        row = programme(code, lock=True)
        changed = {name: value for name, value in terms.items() if getattr(row, name) != value}
        for name, value in changed.items():
            if name not in TERMS:
                raise invalid_argument(name, f"{name} is no term of a programme.")
            setattr(row, name, value)
        _check_terms(row)
        if changed:
            row.save(update_fields=list(changed))
    return bool(changed)


def set_rules(code: str, rules: Rules, *, by: str, now: datetime, starts_at: datetime | None = None) -> int:
    """The rules of a programme from ``starts_at`` (now) on; the version. The same rules again are no new version."""
    _check_rules(rules)
    with transaction.atomic():
        row = programme(code, lock=True)
        last = ProgrammeVersion.objects.filter(programme=row).order_by("-version").first()
        earn, tiers = (json_of(part) for part in (rules.earn, rules.tiers))
        if last is not None and (last.earn, last.tiers) == (earn, tiers):
            return last.version
        starts = starts_at or now
        if last is not None and starts < last.starts_at:
            raise invalid_argument("starts_at", "starts_at is before the rules in force began.")
        number = 1 if last is None else last.version + 1
        ProgrammeVersion.objects.create(
            programme=row, version=number, earn=earn, tiers=tiers, starts_at=starts, created_by=by, created_at=now
        )
    return number


def change_programme(
    code: str, *, by: str, now: datetime, name: str | None = None, terms: Mapping[str, Any] | None = None,
    earn: Sequence[EarnRule] | None = None, tiers: TierRules | None = None,
) -> int:  # fmt: skip
    """Change all of a programme or nothing of it; what is not given stays as it is. The version of its last rules."""
    with transaction.atomic():
        row = programme(code, lock=True)
        if name is not None:
            rename(code, name)
        set_terms(code, **(terms or {}))
        number, had = in_force(row, now)
        if earn is not None or tiers is not None:
            rules = Rules(earn=had.earn if earn is None else tuple(earn), tiers=had.tiers if tiers is None else tiers)
            number = set_rules(code, rules, by=by, now=now)
    return number


def enrol(customer: int, *, now: datetime, code: str = CLUB) -> bool:
    """Let ``customer`` join; false when they had."""
    return _join(programme(code), customer, now)


def joined(row: Programme, customer: int, at: datetime) -> bool:
    """Whether ``customer`` is in the programme at that time; a paid order lets them in where that is how one joins."""
    since = Enrolment.objects.filter(programme=row, customer=customer).values_list("joined_at", flat=True).first()
    if since is not None and since <= at:
        return True
    if row.joining != Joining.BY_ORDER:
        return False
    if since is not None:
        # An order that is older than the one they came with.
        Enrolment.objects.filter(programme=row, customer=customer, joined_at__gt=at).update(joined_at=at)
    else:
        _join(row, customer, at)
    return True


def join_many(row: Programme, first: Mapping[int, datetime]) -> dict[int, datetime]:
    """As ``joined`` lets each customer in at their moment of ``first``; since when each who is in has been."""
    mine = Enrolment.objects.filter(programme=row, customer__in=list(first))
    since = dict(mine.values_list("customer", "joined_at"))
    if row.joining != Joining.BY_ORDER:
        return since
    for customer, at in first.items():
        if customer in since and since[customer] > at:
            mine.filter(customer=customer, joined_at__gt=at).update(joined_at=at)
    new = [customer for customer in first if customer not in since]
    rows = [Enrolment(programme=row, customer=customer, joined_at=first[customer]) for customer in new]
    Enrolment.objects.bulk_create(rows, ignore_conflicts=True)
    return {customer: min(at, since.get(customer, at)) for customer, at in first.items()}


def set_level(
    customer: int, level: str, *, first_day: date, last_day: date | None = None, code: str = CLUB, now: datetime
) -> bool:
    """Give a level by hand for some days, both included; it wins over a lower one that was reached.

    False when it had been given so.
    """
    with transaction.atomic():
        row = programme(code)
        _, rules = in_force(row, now)
        if level not in {each.key for each in rules.tiers.levels}:
            raise invalid_argument("level", f"{level[:40]!r} is no level of this programme.")
        if last_day is not None and last_day < first_day:
            raise invalid_argument("last_day", f"last_day={last_day} is before first_day={first_day}.")
        _join(row, customer, now)
        mine = Enrolment.objects.select_for_update().get(programme=row, customer=customer)
        given = json_of(Manual(level=level, first_day=first_day, last_day=last_day))
        if given in mine.manual:
            return False
        if len(mine.manual) >= _MOST_BY_HAND:
            raise invalid_argument("level", f"The customer was given {_MOST_BY_HAND} levels by hand; no more are kept.")
        Enrolment.objects.filter(pk=mine.pk).update(manual=[*mine.manual, given])
    return True


def withdraw_level(customer: int, *, code: str = CLUB, now: datetime) -> bool:
    """End levels that were given by hand and are not over; whether there were any. The one that was reached stays."""
    with transaction.atomic():
        row = programme(code)
        mine = Enrolment.objects.select_for_update().filter(programme=row, customer=customer).first()
        given = [] if mine is None else msgspec.convert(mine.manual, list[Manual])
        today = day_of(row, now)
        over = [json_of(each) for each in given if each.last_day is not None and each.last_day < today]
        if mine is None or len(over) == len(given):
            return False
        Enrolment.objects.filter(pk=mine.pk).update(manual=over)
    return True


def points_offer(points: int, *, code: str = CLUB) -> Offer:
    """Pay with up to ``points`` points, as far as the programme's terms go."""
    row = programme(code)
    effect = PointsOff(points=points, worth=row.point_worth, rate=row.most_share)
    return Offer(Rule(rule_id="points", effect=effect))


def programme(code: str = CLUB, *, lock: bool = False) -> Programme:
    """The programme's row; raises ``not_found``."""
    rows = Programme.objects.select_for_update() if lock else Programme.objects.all()
    # PostgreSQL refuses to look for a text with a NUL.
    row = None if "\x00" in code else rows.filter(code=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no programme {code[:40]!r}.", field="programme")
    return row


def live_programmes() -> list[Programme]:
    """Programmes that give, by code."""
    return list(Programme.objects.filter(state=ProgrammeState.LIVE).order_by("code"))


def in_force(row: Programme, at: datetime) -> tuple[int, Rules]:
    """Version and rules in force at a time; no rules (version 0) before the first."""
    found = ProgrammeVersion.objects.filter(programme=row, starts_at__lte=at).order_by("-version").first()
    return (0, Rules()) if found is None else (found.version, _rules(found))


class Versions:
    """All versions of a programme's rules, read once."""

    def __init__(self, row: Programme) -> None:
        found = ProgrammeVersion.objects.filter(programme=row).order_by("-version")
        self.all = tuple((each.version, each.starts_at, _rules(each)) for each in found)

    def in_force(self, at: datetime) -> tuple[int, Rules]:
        """As ``in_force`` says of the programme."""
        return next(((number, rules) for number, starts_at, rules in self.all if starts_at <= at), (0, Rules()))


def rules_of(row: Programme, version: int) -> Rules:
    """The rules of one version."""
    return _rules(ProgrammeVersion.objects.get(programme=row, version=version))


def point_worth_in(currency: str, *, field: str) -> int:
    """What a point of the club pays in minor units of ``currency``; raises naming ``field`` if it counts another."""
    club = programme()
    if club.currency != currency:
        raise invalid_argument(field, f"The points programme counts {club.currency}, the campaign {currency}.")
    return club.point_worth


def day_of(row: Programme, at: datetime) -> date:
    """The programme's day of an instant."""
    return ProgramDay(zone=row.zone, starts_at_hour=row.day_starts_at).of(to_micros(at))


def term_of(row: Programme) -> PointsTerm:
    """When its points can be spent and when they end."""
    return PointsTerm(
        available_after_days=row.available_after_days, ends=row.expiry, count=row.expiry_count  # type: ignore[arg-type]
    )  # fmt: skip


def json_of(value: Any) -> Any:
    """A rule as plain data that JSON holds: keys are texts."""
    return msgspec.json.decode(msgspec.json.encode(value))


TERMS = {
    "state", "joining", "currency", "zone", "day_starts_at", "available_after_days", "expiry", "expiry_count",
    "point_worth", "most_share", "return_grace_days", "notice_days",
}  # fmt: skip


def _unit_of(code: str, unit: str) -> str:
    return unit if code == CLUB else f"{unit}:{code}"


def _rules(row: ProgrammeVersion) -> Rules:
    return _decoded(msgspec.json.encode({"earn": row.earn, "tiers": row.tiers}))


@lru_cache(maxsize=64)
def _decoded(text: bytes) -> Rules:
    return msgspec.json.decode(text, type=Rules)


def _join(row: Programme, customer: int, at: datetime) -> bool:
    try:
        with transaction.atomic():
            Enrolment.objects.create(programme=row, customer=customer, joined_at=at)
    except IntegrityError:
        return False
    return True


def _check_rules(rules: Rules) -> None:
    ids = [rule.rule_id for rule in rules.earn]
    if len(set(ids)) < len(ids) or not all(0 < len(each) <= _LONGEST_RULE for each in ids):
        raise invalid_argument("earn", "Each earn rule needs an id of its own, of 1 to 40 characters.")
    _check_units(rules.earn)
    if any(not 0 < len(level.key) <= _LONGEST_RULE for level in rules.tiers.levels):
        raise invalid_argument("tiers", "Each level needs a key of 1 to 40 characters.")


def _check_units(earn: Iterable[EarnRule]) -> None:
    for rule in earn:
        if rule.unit not in (POINTS, GROWTH):
            raise invalid_argument("earn", f"Rule {rule.rule_id!r} earns {rule.unit!r}; it can be points or growth.")


def _check_terms(row: Programme) -> None:
    if not 0 <= row.day_starts_at <= 23:
        raise invalid_argument("day_starts_at", f"day_starts_at={row.day_starts_at} must lie between 0 and 23.")
    if row.expiry == Expiry.DAYS and not row.expiry_count:
        raise invalid_argument("expiry_count", "Points that end after so many days need expiry_count of 1 or more.")
    term_of(row)
    try:
        ZoneInfo(row.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # A name of a folder of zones, as America, is found and cannot be opened.
        raise invalid_argument("zone", f"{row.zone[:64]!r} is no time zone such as Asia/Shanghai.") from error
    _one_of("state", row.state, ProgrammeState.values)
    _one_of("joining", row.joining, Joining.values)
    _one_of("expiry", row.expiry, Expiry.values)
    for field, value, least, most in (
        ("point_worth", row.point_worth, 1, 1_000_000), ("most_share", row.most_share, 0, 10_000),
        ("return_grace_days", row.return_grace_days, 0, 366), ("notice_days", row.notice_days, 0, 366),
    ):  # fmt: skip
        if not least <= value <= most:
            raise invalid_argument(field, f"{field}={value} must lie between {least} and {most}.")
    launch_checks.refuse_blocked(
        launch_checks.points_notice(expires=row.expiry != Expiry.NEVER, notice_days=row.notice_days)
    )


def _one_of(field: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise invalid_argument(field, f"{field}={value!r} must be one of {', '.join(choices)}.")
