"""The points mall: goods, benefits and coupons for points. Stock is a limit of the ledger, points are spent by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.periods import to_micros
from wotu.ledger import hold_services, limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import Cause, check_amount
from wotu.loyalty import allowances
from wotu.loyalty.choices import ProgrammeState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.models import CouponTemplate, MallItem, MallRedemption
from wotu.loyalty.programme import earning_services
from wotu.loyalty.programme.services import CLUB, programme
from wotu.loyalty.refusals import MallRefusal, item_refused

_HELD_FOR = timedelta(minutes=15)
_MOST = 1_000_000_000


@dataclass(frozen=True)
class Taken:
    """An item taken for points, and the coupon it is; ``repeated`` when it had been taken for this key before."""

    redemption: int
    points: int
    coupon: int | None = None
    repeated: bool = False


def create_item(
    name: str, points: int, *, now: datetime, stock: int | None = None, template: int | None = None,
    per_customer: int | None = None, code: str = CLUB,
) -> int:  # fmt: skip
    """Something to be had for ``points``, ``stock`` times (any number); a coupon of ``template``, or goods."""
    _check(name, points, per_customer)
    if template is not None and not CouponTemplate.objects.filter(pk=template).exists():
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="template")
    with transaction.atomic():
        row = programme(code)
        made = MallItem.objects.create(
            programme=row, name=name.strip(), points=points, template_id=template, per_customer=per_customer,
            created_at=now,
        )  # fmt: skip
        if stock is not None:
            _check_stock(stock)
            services.open_unit(_unit(made.pk), UnitKind.STOCK, made.name)
            cause = Cause(row.code, 1, f"item:{made.pk}", "stock", "open")
            account = limit_services.open_limit(cause, unit=_unit(made.pk), owner=made.pk, total=stock, now=now)
            MallItem.objects.filter(pk=made.pk).update(stock_account=account)
    return made.pk


def change_item(
    item: int, *, name: str, points: int, stock: int | None, per_customer: int | None, now: datetime
) -> bool:
    """Change what an item is called and costs, how many there are in all, and how many one may have; whether it did.

    Who has taken it keeps it at the points they paid. ``stock`` includes what is taken. An item of any number stays
    one: what was taken of it before was not counted.
    """
    _check(name, points, per_customer)
    with transaction.atomic():
        row = MallItem.objects.select_for_update(of=("self",)).select_related("programme").filter(pk=item).first()
        if row is None:
            raise _no_item()
        if (stock is None) != (row.stock_account is None):
            raise invalid_argument("stock", "Whether an item has a stock cannot be changed; offer another item.")
        before = (row.name, row.points, row.per_customer)
        resized = stock is not None and _resize(row, stock, now)
        row.name, row.points, row.per_customer = name.strip(), points, per_customer
        row.save(update_fields=["name", "points", "per_customer"])
    return resized or before != (row.name, row.points, row.per_customer)


def offer_item(item: int, *, offered: bool) -> bool:
    """Offer an item, or no longer; whether that changed anything. What was taken stays taken."""
    changed = MallItem.objects.filter(pk=item).exclude(shown=offered).update(shown=offered)
    if not changed and not MallItem.objects.filter(pk=item).exists():
        raise _no_item()
    return bool(changed)


def redeem_item(
    item: int, customer: int, *, key: str, now: datetime, zone: ZoneInfo, points: int | None = None
) -> Taken:
    """Take an item for points, once for ``key``: points and a piece are held, the coupon is issued, both are spent.

    ``points`` is what the customer was told that it costs: when it costs more by now, nothing is taken.

    Refused with ``insufficient_balance``, ``limit_reached`` or ``coupon_refused``; then nothing is changed.
    """
    if not 0 < len(key) <= 120 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 120 characters.")
    with transaction.atomic():
        earning_services.lock_membership(customer)
        row = MallItem.objects.select_related("programme").filter(pk=item).first()
        if row is None:
            raise _no_item()
        known = MallRedemption.objects.filter(item=row, key=key).first()
        if known is not None:
            return _known(known, customer)
        if not row.shown or row.programme.state != ProgrammeState.LIVE:
            raise item_refused(MallRefusal.NOT_OFFERED)
        if points is not None and points < row.points:
            raise item_refused(MallRefusal.PRICE_CHANGED)
        made, new = MallRedemption.objects.get_or_create(
            item=row, key=key, defaults={"customer": customer, "points": row.points, "at": now}
        )
        if not new:
            return _known(made, customer)
        scope = f"item:{row.pk}:customer:{customer}"
        # Counted without a cap too: it may get one later.
        most = _MOST if row.per_customer is None else row.per_customer
        if not allowances.spend(scope, most, customer=customer):
            raise item_refused(MallRefusal.CUSTOMER_LIMIT)
        coupon = None
        if row.template_id is not None:
            coupon = coupon_services.issue(row.template_id, customer, key=f"item:{made.pk}", now=now, zone=zone).coupon
        transfer = _pay(row, made, now)
        MallRedemption.objects.filter(pk=made.pk).update(transfer=transfer, coupon=coupon)
        crash_point("loyalty-item-taken")
    return Taken(made.pk, row.points, coupon)


def cancel_redemption(redemption: int, *, now: datetime) -> bool:
    """Give an item back: its points return to their lots, the piece to the stock, its coupon is void.

    False when it had been. A coupon that was used is refused.
    """
    with transaction.atomic():
        made = MallRedemption.objects.select_related("item__programme").filter(pk=redemption).first()
        if made is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such redemption.", field="redemption")
        if not MallRedemption.objects.filter(pk=redemption, cancelled_at=None).update(cancelled_at=now):
            return False
        earning_services.lock_membership(made.customer)
        if made.coupon_id is not None:
            coupon_services.void(made.coupon_id, now=now)
        allowances.add(f"item:{made.item_id}:customer:{made.customer}", -1)
        assert made.transfer is not None, "an item is paid for in the transaction that takes it"
        grace = timedelta(days=made.item.programme.return_grace_days)
        services.reverse_spend(_cause(made, "points-back"), made.transfer, grace=grace, now=now)
        if made.item.stock_account is not None:
            limit_services.return_to_limit(
                _cause(made, "stock-back"), made.item.stock_account, 1,
                reverses=services.transfer_of(_cause(made, "stock")), now=now,
            )  # fmt: skip
    return True


def _known(made: MallRedemption, customer: int) -> Taken:
    if made.customer != customer:
        raise invalid_argument("key", "key names a redemption of somebody else; take another key.")
    return Taken(made.pk, made.points, made.coupon_id, repeated=True)


def _pay(row: MallItem, made: MallRedemption, now: datetime) -> int:
    """Hold points and a piece, then spend both; the transfer of the points."""
    key, until = f"item:{made.pk}", now + _HELD_FOR
    hold_services.hold(
        f"{key}:points", customer=made.customer, unit=row.programme.points_unit, amount=row.points, until=until, now=now
    )
    if row.stock_account is not None:
        try:
            hold_services.hold_limit(f"{key}:stock", account=row.stock_account, amount=1, until=until, now=now)
        except WotuError as error:
            if error.code == ErrorCode.LIMIT_REACHED:
                raise item_refused(MallRefusal.NONE_LEFT) from error
            raise
        hold_services.capture(_cause(made, "stock"), f"{key}:stock", now=now)
    return hold_services.capture(_cause(made, "points"), f"{key}:points", now=now).transfer


def _resize(row: MallItem, stock: int, now: datetime) -> bool:
    _check_stock(stock)
    assert row.stock_account is not None, "an item with a stock"
    before = limit_services.room(row.stock_account).limit
    if stock == before:
        return False
    cause = Cause(row.programme.code, 1, f"item:{row.pk}", f"stock:{to_micros(now)}", f"size:{before}:{stock}")
    try:
        limit_services.resize_limit(cause, row.stock_account, total=stock, now=now)
    except WotuError as error:
        if error.field != "total":
            raise
        raise invalid_argument("stock", f"stock={stock:,} is less than what is taken of it; give more.") from error
    return True


def _check(name: str, points: int, per_customer: int | None) -> None:
    if not 0 < len(name.strip()) <= 120 or "\x00" in name:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    check_amount(points, field="points")
    if per_customer is not None and not 0 < per_customer <= _MOST:
        raise invalid_argument("per_customer", f"per_customer must be a whole number from 1 to {_MOST:,}.")


def _check_stock(stock: int) -> None:
    if not 0 <= stock <= _MOST:
        raise invalid_argument("stock", f"stock must be a whole number from 0 to {_MOST:,}.")


def _no_item() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such item.", field="item")


def _cause(made: MallRedemption, effect: str) -> Cause:
    return Cause(made.item.programme.code, 1, f"item:{made.pk}", "member", effect)


def _unit(item: int) -> str:
    return f"stock:item-{item}"
