"""Coupons are issued, made as codes, claimed, and made void.

Caps are enforced by the statements that issue: the total by a limit of the ledger, those of a person and a day by
allowances. Each coupon is issued for a key, once: a double tap finds the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.periods import from_micros, to_micros
from wotu.ledger import limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import Cause, check_amount
from wotu.loyalty import allowances
from wotu.loyalty.campaigns import launch_reads
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import CampaignState, CouponState, ForWhom
from wotu.loyalty.coupons import codes
from wotu.loyalty.coupons import news as coupon_news
from wotu.loyalty.models import Campaign, CodeBatch, Coupon, CouponTemplate, TemplateVersion
from wotu.loyalty.pricing import Rule
from wotu.loyalty.refusals import CouponRefusal, refused
from wotu.loyalty.validity import DaysAfterIssue, FixedDates, Validity, validity_of

Term = FixedDates | DaysAfterIssue
_MOST_CODES = 1_000_000
LONGEST_REASON = 200


@dataclass(frozen=True)
class Issued:
    """A coupon; ``repeated`` when it had been issued for this key before."""

    coupon: int
    repeated: bool = False


def create_template(
    campaign: int, name: str, rule: Mapping[str, Any], term: Mapping[str, Any], *, now: datetime,
    total: int | None = None, per_customer: int | None = 1, per_day: int | None = None, shared_code: str | None = None,
    for_whom: str = ForWhom.EVERYBODY, reason: str = "",
) -> int:  # fmt: skip
    """A kind of coupon of a campaign; its number. ``rule`` and ``term`` as ``TemplateVersion`` keeps them."""
    check_caps(total, per_customer, per_day)
    check_for_whom(for_whom, reason)
    rule_of(0, rule), term_of(term)
    with transaction.atomic():
        row = Campaign.objects.select_for_update().filter(pk=campaign).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
        wanted = None if shared_code is None else checked_shared_code(shared_code)
        template = CouponTemplate.objects.create(
            campaign=row, name=name[:120], total=total, per_customer=per_customer, per_day=per_day,
            shared_code=wanted, for_whom=for_whom, reason=reason.strip(), created_at=now,
        )  # fmt: skip
        TemplateVersion.objects.create(template=template, version=1, rule=dict(rule), term=dict(term), created_at=now)
        if total is not None:
            services.open_unit(_unit(template.pk), UnitKind.COUPON, template.name)
            cause = Cause(row.code, 1, f"template:{template.pk}", "total", "open")
            account = limit_services.open_limit(cause, unit=_unit(template.pk), owner=template.pk, total=total, now=now)
            CouponTemplate.objects.filter(pk=template.pk).update(total_account=account)
        _stay_lawful(row, now)
    return template.pk


def change_template(
    template: int, rule: Mapping[str, Any], term: Mapping[str, Any], *, now: datetime, for_whom: str | None = None,
    reason: str | None = None,
) -> int:  # fmt: skip
    """What the template promises from now on; the version. Coupons that are out keep what they were promised.

    ``for_whom`` and ``reason`` stay as they are unless they are given.
    """
    rule_of(0, rule), term_of(term)
    with transaction.atomic():
        # Before the kind, as a launch does: of a launch and a change at one moment the later one is checked.
        campaign = Campaign.objects.select_for_update(of=("self",)).filter(templates=template).first()
        if campaign is None:
            raise _no_template()
        row = CouponTemplate.objects.select_for_update().get(pk=template)
        row.for_whom = row.for_whom if for_whom is None else for_whom
        row.reason = row.reason if reason is None else reason.strip()
        check_for_whom(row.for_whom, row.reason)
        row.save(update_fields=["for_whom", "reason"])
        last = TemplateVersion.objects.filter(template_id=template).order_by("-version")[0]
        number = last.version
        if (last.rule, last.term) != (dict(rule), dict(term)):
            number += 1
            TemplateVersion.objects.create(
                template_id=template, version=number, rule=dict(rule), term=dict(term), created_at=now
            )
        _stay_lawful(campaign, now)
    return number


def issue(template: int, customer: int, *, key: str, now: datetime, zone: ZoneInfo) -> Issued:
    """Give ``customer`` a coupon for ``key`` (a claim, a message, an order), or refuse with a reason."""
    if not 0 < len(key) <= 200:
        raise invalid_argument("key", "key must have 1 to 200 characters.")
    with transaction.atomic():
        known = Coupon.objects.filter(template_id=template, key=key).values_list("pk", flat=True).first()
        if known is not None:
            return Issued(known, repeated=True)
        row = _running(template, now)
        found = version(template)
        valid = validity_of(term_of(found.term), to_micros(now), zone)
        if valid.ends is not None and valid.ends <= to_micros(now):
            raise refused(CouponRefusal.EXPIRED)
        coupon = Coupon(
            template=row, version=found.version, key=key, customer=customer, changed_at=now, **_dates(valid)
        )
        try:
            with transaction.atomic():
                coupon.save(force_insert=True)
        except IntegrityError:
            # Somebody issued it for the same key at this moment.
            return Issued(Coupon.objects.values_list("pk", flat=True).get(template_id=template, key=key), repeated=True)
        _spend_caps(row, customer, key, now, zone)
        coupon_news.tell_issued(coupon)
    return Issued(coupon.pk)


def make_codes(
    template: int, count: int, *, name: str, by: str, now: datetime, zone: ZoneInfo, prefix: str = ""
) -> int:
    """A batch of codes that nobody guesses; its number. All are counted towards the template's total at once."""
    if not 0 < check_amount(count, field="count") <= _MOST_CODES:
        raise invalid_argument("count", f"count must lie between 1 and {_MOST_CODES:,}.")
    fresh = codes.new_codes(count, prefix=prefix)
    with transaction.atomic():
        row = CouponTemplate.objects.select_related("campaign").filter(pk=template).first()
        if row is None:
            raise _no_template()
        batch = CodeBatch.objects.create(template=row, name=name[:120], count=count, created_by=by, created_at=now)
        _spend_total(row, f"batch:{batch.pk}", now, count=count)
        found = version(template)
        term = term_of(found.term)
        # Days after issue begin when a code is claimed.
        fixed = validity_of(term, to_micros(now), zone) if isinstance(term, FixedDates) else Validity()
        _insert_codes(row.pk, found.version, batch.pk, fresh, fixed, now)
    return batch.pk


def take_codes(batch: int, *, by: str, now: datetime) -> tuple[str, ...]:
    """The codes of a batch, which are given out once: whoever lost them makes another batch."""
    with transaction.atomic():
        template = CodeBatch.objects.filter(pk=batch).values_list("template_id", flat=True).first()
        if template is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such batch of codes.", field="batch")
        if not CodeBatch.objects.filter(pk=batch, taken_at=None).update(taken_at=now, taken_by=by[:80]):
            raise refused(CouponRefusal.CODES_TAKEN, field="batch")
        found = Coupon.objects.filter(template_id=template, batch_id=batch)
        return tuple(code for code in found.order_by("pk").values_list("code", flat=True) if code is not None)


def claim(code: str, customer: int, *, now: datetime, zone: ZoneInfo) -> Issued:
    """Make the coupon of a code the customer's own. Whose code it is instead, or that there is none, is not told."""
    wanted = codes.normal(code)
    with transaction.atomic():
        coupon = Coupon.objects.select_related("template__campaign").filter(code=wanted).first() if wanted else None
        if coupon is None or coupon.customer not in (None, customer):
            raise refused(CouponRefusal.UNKNOWN_CODE, field="code")
        if coupon.customer == customer:
            return Issued(coupon.pk, repeated=True)
        if not is_running(coupon.template.campaign, now):
            raise refused(CouponRefusal.NOT_RUNNING, field="code")
        term = term_of(version(coupon.template_id, coupon.version).term)
        valid = validity_of(term, to_micros(now), zone)
        if valid.ends is not None and valid.ends <= to_micros(now):
            raise refused(CouponRefusal.EXPIRED, field="code")
        free = Coupon.objects.filter(pk=coupon.pk, customer=None, state=CouponState.ISSUED)
        if not free.update(customer=customer, changed_at=now, **_dates(valid)):
            raise refused(CouponRefusal.UNKNOWN_CODE, field="code")
        if not allowances.spend(
            of_customer(coupon.template_id, customer), coupon.template.per_customer, customer=customer
        ):
            raise refused(CouponRefusal.CUSTOMER_LIMIT, field="code")
        for name, value in {"customer": customer, **_dates(valid)}.items():
            setattr(coupon, name, value)
        coupon_news.tell_issued(coupon)
    return Issued(coupon.pk)


def void(coupon: int, *, now: datetime) -> None:
    """Make a coupon worthless that is not held or redeemed."""
    free = Q(state=CouponState.ISSUED) | Q(state=CouponState.HELD, held_until__lte=now)
    with transaction.atomic():
        changed = Coupon.objects.filter(free, pk=coupon).update(
            state=CouponState.VOIDED, order_id=None, held_until=None, changed_at=now
        )
        if changed:
            coupon_news.tell_voided(Coupon.objects.select_related("template__campaign").get(pk=coupon))
        elif not Coupon.objects.filter(pk=coupon, state=CouponState.VOIDED).exists():
            raise refused(CouponRefusal.ALREADY_USED)


def rule_of(coupon: int, rule: Mapping[str, Any], *, template: int = 0) -> Rule:
    """The price rule of a coupon; two of one template are not used together unless its rule names another group."""
    try:
        return msgspec.convert({"group": f"template:{template}", **rule, "rule_id": f"coupon:{coupon}"}, Rule)
    except msgspec.ValidationError as error:
        raise invalid_argument("rule", f"rule cannot be read: {error}.") from error


def term_of(term: Mapping[str, Any]) -> Term:
    """The validity of a template's coupons."""
    try:
        return msgspec.convert(dict(term), Term)
    except msgspec.ValidationError as error:
        raise invalid_argument("term", f"term cannot be read: {error}.") from error


def _running(template: int, now: datetime) -> CouponTemplate:
    row = CouponTemplate.objects.select_related("campaign").filter(pk=template).first()
    if row is None:
        raise _no_template()
    if not is_running(row.campaign, now):
        raise refused(CouponRefusal.NOT_RUNNING, field="template")
    return row


def version(template: int, number: int | None = None) -> TemplateVersion:
    """A version of a template, the last one without a number."""
    rows = TemplateVersion.objects.filter(template_id=template)
    return rows.order_by("-version")[0] if number is None else rows.get(version=number)


def _spend_caps(template: CouponTemplate, customer: int, key: str, now: datetime, zone: ZoneInfo) -> None:
    if not allowances.spend(of_customer(template.pk, customer), template.per_customer, customer=customer):
        raise refused(CouponRefusal.CUSTOMER_LIMIT, field="template")
    if not allowances.spend(of_day(template.pk, now.astimezone(zone).date()), template.per_day):
        raise refused(CouponRefusal.DAY_LIMIT, field="template")
    _spend_total(template, key, now)


def _spend_total(template: CouponTemplate, key: str, now: datetime, *, count: int = 1) -> None:
    if template.total_account is None:
        return
    cause = Cause(template.campaign.code, 1, key, f"template:{template.pk}", "issue")
    try:
        limit_services.spend_limit(cause, template.total_account, count, unit=_unit(template.pk), now=now)
    except WotuError as error:
        if error.code != ErrorCode.LIMIT_REACHED:
            raise
        raise refused(CouponRefusal.NONE_LEFT, field="template", **error.given) from error


def _insert_codes(
    template: int, version: int, batch: int, fresh: list[str], valid: Validity, now: datetime
) -> None:  # fmt: skip
    """One statement for all of them; the codes are bound as one JSON text."""
    postgresql = connection.vendor == "postgresql"
    listed = "json_array_elements_text(%s::json)" if postgresql else "json_each(%s)"
    at = "CAST(%s AS timestamptz)" if postgresql else "%s"
    times = [connection.ops.adapt_datetimefield_value(each) for each in (*_dates(valid).values(), now)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_coupon (template_id, version, batch_id, state, starts_at, ends_at, changed_at, code)"
            f" SELECT %s, %s, %s, %s, {at}, {at}, {at}, value FROM {listed} WHERE true",
            [template, version, batch, CouponState.ISSUED.value, *times, msgspec.json.encode(fresh).decode()],
        )


def _dates(valid: Validity) -> dict[str, datetime | None]:
    ends = {"starts_at": valid.starts, "ends_at": valid.ends}
    return {name: None if at is None else from_micros(at, ZoneInfo("UTC")) for name, at in ends.items()}


def of_day(template: int, day: date) -> str:
    """The allowance of one day, of everybody together."""
    return f"coupon:{template}:day:{day}"


def of_customer(template: int, customer: int) -> str:
    """The allowance of one person."""
    return f"coupon:{template}:customer:{customer}"


def _unit(template: int) -> str:
    return f"coupon:{template}"


def checked_shared_code(typed: str, *, but: int | None = None) -> str:
    """A shared code in its one writing, which no other kind of coupon has (besides that one)."""
    wanted = codes.normal(typed)
    if wanted is None:
        raise invalid_argument("shared_code", "A shared code has 1 to 64 letters and digits.")
    having = CouponTemplate.objects.filter(shared_code=wanted)
    if (having if but is None else having.exclude(pk=but)).exists():
        raise invalid_argument("shared_code", "This code is in use; take another one.")
    return wanted


def check_caps(total: int | None, per_customer: int | None, per_day: int | None) -> None:
    """Raise, naming the cap, when one is no number of coupons."""
    for field, value in (("total", total), ("per_customer", per_customer), ("per_day", per_day)):
        if value is not None:
            check_amount(value, field=field)


def check_for_whom(for_whom: str, reason: str) -> None:
    """Raise, naming the field, when a kind of coupon can be for nobody like that."""
    if for_whom not in ForWhom.values:
        raise invalid_argument("for_whom", f"for_whom must be one of {', '.join(ForWhom.values)}.")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise invalid_argument("reason", f"reason has {LONGEST_REASON} characters at most.")


def _stay_lawful(campaign: Campaign, now: datetime) -> None:
    """A campaign that was launched is not changed into what could not have been launched."""
    if campaign.state != CampaignState.DRAFT:
        launch_reads.refuse_unlawful(campaign, now=now)


def _no_template() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="template")
