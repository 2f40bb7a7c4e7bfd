"""Amounts, causes and accounts of the ledger in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.sight import Sight
from wotu.core.money import exponent
from wotu.ledger.adjusting_services import PROGRAMME as BY_STAFF
from wotu.ledger.adjusting_services import reason_of
from wotu.ledger.choices import Owner, Purpose, UnitKind
from wotu.ledger.payout_services import EFFECT as PAID_OUT
from wotu.ledger.payout_services import PROGRAMME as PAYOUT
from wotu.ledger.reads import Side, TransferRef, UnitRow

Words = str | Promise
_CURRENCY = "money:"

EFFECTS: Mapping[str, Words] = {
    "activate": pgettext_lazy("effect", "Became spendable"),
    "expire": pgettext_lazy("effect", "Expired"),
    "repay": pgettext_lazy("effect", "Repaid what was owed"),
    "merge": pgettext_lazy("effect", "Customers became one"),
    "give": pgettext_lazy("effect", "Given by staff"),
    "take": pgettext_lazy("effect", "Taken by staff"),
    "earn": pgettext_lazy("effect", "Earned"),
    "gift": pgettext_lazy("effect", "Gift"),
    "spend": pgettext_lazy("effect", "Spent"),
    "pay": pgettext_lazy("effect", "Paid"),
    "redeem": pgettext_lazy("effect", "Redeemed"),
    "return": pgettext_lazy("effect", "Returned"),
    "reverse": pgettext_lazy("effect", "Reversed"),
    "open": pgettext_lazy("effect", "Limit opened"),
    "sell": pgettext_lazy("effect", "Sold"),
    "back": pgettext_lazy("effect", "Taken back"),
    "chance": pgettext_lazy("effect", "Chance to draw"),
    "draw": pgettext_lazy("effect", "Drawn"),
    "prize": pgettext_lazy("effect", "Prize"),
    "cash-back": pgettext_lazy("effect", "Cash back for a receipt"),
    "cash-back-taken": pgettext_lazy("effect", "Cash back taken back"),
    "budget": pgettext_lazy("effect", "Out of the budget"),
    "budget-back": pgettext_lazy("effect", "Back into the budget"),
    PAID_OUT: pgettext_lazy("effect", "Paid out"),
    "piece": pgettext_lazy("effect", "Sample kept for somebody"),
    "piece-back": pgettext_lazy("effect", "Sample back in stock"),
}
_LOTTERY = "lottery:"
PROGRAMMES: Mapping[str, Words] = {
    "ledger": pgettext_lazy("programme", "By the clock"),
    "identity": pgettext_lazy("programme", "Identity"),
    BY_STAFF: pgettext_lazy("programme", "Staff"),
    PAYOUT: pgettext_lazy("programme", "Staff"),
}


@dataclass(frozen=True)
class Why:
    """A cause as it is shown: what happened, by which rule, for which event."""

    effect: str
    rule: str
    event: str


def amount(number: int, unit: UnitRow) -> str:
    """An amount with every digit; money in its currency."""
    currency = currency_of(unit)
    if currency is None:
        return figures.count_exact(number)
    return figures.money_exact(Decimal(number).scaleb(-exponent(currency)), currency)


def amount_short(number: int, unit: UnitRow) -> str:
    """An amount in short."""
    currency = currency_of(unit)
    if currency is None:
        return figures.count(number)
    return figures.money(Decimal(number).scaleb(-exponent(currency)), currency)


def signed(number: int, unit: UnitRow) -> str:
    """An amount with its sign always shown."""
    return ("+" if number > 0 else "") + amount(number, unit)


def currency_of(unit: UnitRow) -> str | None:
    """The currency of a unit of money, whose smallest part is counted."""
    if unit.kind != UnitKind.MONEY or not unit.code.startswith(_CURRENCY):
        return None
    currency = unit.code.removeprefix(_CURRENCY)
    return currency if len(currency) == 3 and currency.isascii() and currency.isupper() else None


def why(transfer: TransferRef, sight: Sight) -> Why:
    """The cause of a transfer in words; what the sight may not see is masked."""
    cause = transfer.cause
    effect = _effect(cause.effect)
    rule = str(PROGRAMMES.get(cause.programme, cause.programme))
    if cause.programme in (BY_STAFF, PAYOUT):
        return Why(effect, rule, sight.text(reason_of(cause)))
    if cause.programme.startswith(_LOTTERY):
        rule = _("lottery %(code)s") % {"code": cause.programme.removeprefix(_LOTTERY)}
    elif cause.programme not in PROGRAMMES:
        rule = _("%(programme)s, version %(version)s") % {"programme": rule, "version": cause.version}
    event = "" if cause.programme == "ledger" else sight.text(cause.event)
    return Why(effect, rule, event)


def _effect(written: str) -> str:
    """What happened; of a rule that is named, with its name: ``earn:base`` is “Earned · base”."""
    known, _colon, named = written.partition(":")
    if written in EFFECTS or not named or known not in EFFECTS:
        return str(EFFECTS.get(written, written))
    return f"{EFFECTS[known]} · {named}"


def side_words(side: Side) -> str:
    """Whose an account is and what it is for."""
    purpose = str(Purpose(side.purpose).label)
    if side.owner_kind == Owner.HOUSE:
        return purpose
    if side.owner_kind == Owner.PROGRAMME:
        return _("Limit of programme %(number)s") % {"number": side.owner}
    if side.owner_kind == Owner.ERASED:
        return f"{Owner.ERASED.label} · {purpose}"
    return f"{side.customer_id} · {purpose}"


def side_address(side: Side) -> str:
    """The page of an account."""
    if side.customer_id is not None:
        return f"{reverse('console:ledger-customer', args=[side.customer_id])}?unit={side.unit.code}"
    if side.owner_kind == Owner.PROGRAMME:
        return reverse("console:ledger-limit", args=[side.account])
    return reverse("console:ledger-account", args=[side.account])


PARTS: Mapping[str, Words] = {
    "": gettext_lazy("Everything"),
    Purpose.MAIN: Purpose.MAIN.label,
    Purpose.PENDING: Purpose.PENDING.label,
    Purpose.DEBT: Purpose.DEBT.label,
}
