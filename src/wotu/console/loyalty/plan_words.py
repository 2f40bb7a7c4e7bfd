"""Plans of paid membership, their members and what became of them, in the words of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from wotu.console import figures
from wotu.console.answers import workspace
from wotu.console.loyalty.campaign_words import money
from wotu.console.sight import sight_of
from wotu.core.customer_ids import customer_text
from wotu.loyalty.choices import MembershipSource
from wotu.loyalty.membership.benefit_words import brings
from wotu.loyalty.membership.plan_member_reads import Now, PlanFigures, TermRow
from wotu.loyalty.membership.reads import PlanRow
from wotu.loyalty.membership.refunds import RefundDue
from wotu.loyalty.membership.report_reads import BenefitReport, CameBack

Words = str | Promise

NOW: Mapping[Now, Words] = {
    Now.RUNNING: pgettext_lazy("membership", "Member"),
    Now.TRIAL: pgettext_lazy("membership", "On trial"),
    Now.RENEWS: pgettext_lazy("membership", "Renews"),
    Now.LATER: pgettext_lazy("membership", "Begins later"),
    Now.ENDED: pgettext_lazy("membership", "Ended"),
}


@dataclass(frozen=True)
class ShownPlan:
    """A plan as a row of the list and the head of its page; ``trials``: what share of those that are over led on."""

    row: PlanRow
    price: str
    length: str
    brings: list[str]
    members: int
    renewals: int
    renewals_amount: str
    trials: str
    trials_of: str


@dataclass(frozen=True)
class ShownTerm:
    """A term of a customer."""

    row: TermRow
    customer_id: str
    name: str
    state: str
    source: str
    paid: str


def shown_plan(row: PlanRow, found: PlanFigures) -> ShownPlan:
    """A plan in words."""
    told = {"led": figures.count_exact(found.trials_led), "over": figures.count_exact(found.trials_over)}
    return ShownPlan(
        row, money(row.price, row.currency), length(row.months, row.days), brings(row.benefits), row.members,
        found.renewals, money(found.renewals_amount, row.currency), figures.percent(found.trial_share),
        _("%(led)s of %(over)s trials that are over") % told if found.trials_over else "",
    )  # fmt: skip


def length(months: int, days: int) -> str:
    """How long a piece of a plan lasts."""
    in_months = ngettext("%(count)d month", "%(count)d months", months) % {"count": months} if months else ""
    in_days = ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else ""
    if in_months and in_days:
        return pgettext("length", "%(months)s and %(days)s") % {"months": in_months, "days": in_days}
    return in_months or in_days


def shown_terms(request: HttpRequest, rows: Iterable[TermRow]) -> list[ShownTerm]:
    """Terms with the names of their customers, as the visitor may see them."""
    rows = list(rows)
    names = names_of(request, {each.customer for each in rows})
    return [
        ShownTerm(
            each, customer_text(each.customer), names.get(customer_text(each.customer), ""), str(NOW[each.now]),
            str(MembershipSource(each.source).label), money(each.paid, each.currency) if each.paid else "",
        )
        for each in rows
    ]  # fmt: skip


def names_of(request: HttpRequest, customers: set[int]) -> dict[str, str]:
    """The names of customers by their id, where they have one and the visitor may see it."""
    if not customers or workspace().is_empty():
        return {}
    ids = sorted(map(customer_text, customers))
    page = workspace().customers(among=ids, limit=len(ids), offset=0)
    return {each.customer_id: each.name for each in sight_of(request).rows(page.rows) if each.name}


def told_report(found: BenefitReport) -> dict[str, Any]:
    """A benefit report: each line is (what, figure, remark)."""
    currency = found.currency
    used = {"users": figures.count_exact(found.users), "members": figures.count_exact(found.members)}
    coupons = {"used": figures.count_exact(found.coupons_used), "issued": figures.count_exact(found.coupons_issued)}
    each = money(found.cost // found.users, currency) if found.users else ""
    return {
        "days": (found.first_day, found.last_day),
        "lines": [
            (_("Used a benefit"), figures.percent(found.used_share), _("%(users)s of %(members)s members") % used),
            (_("Members saved, and it cost"), money(found.cost, currency),
             _("%(amount)s each who used one") % {"amount": each} if each else ""),
            (_("by the member's price"), money(found.price_cost, currency), ""),
            (_("by free shipping"), money(found.shipping_cost, currency), ""),
            (_("by coupons of the plan"), money(found.coupon_cost, currency),
             _("%(used)s of %(issued)s used") % coupons),
        ],
        "back": [(_("Members"), *_back(found.members_came_back)), (_("Others"), *_back(found.others_came_back))],
    }  # fmt: skip


def told_refund(due: RefundDue) -> tuple[str, str]:
    """What is due, and of what."""
    words = ngettext(
        "%(unused)s of %(days)s day unused, %(paid)s paid",
        "%(unused)s of %(days)s days unused, %(paid)s paid",
        due.days,
    )
    given = {"unused": due.unused, "days": due.days, "paid": money(due.paid, due.currency)}
    said = words % given
    if due.taken:
        said += " · " + _("%(amount)s of coupons kept back") % {"amount": money(due.taken, due.currency)}
    return money(due.amount, due.currency), said


def _back(found: CameBack) -> tuple[str, str]:
    told = {"again": figures.count_exact(found.again), "of": figures.count_exact(found.of)}
    return figures.percent(found.share), _("%(again)s of %(of)s buyers") % told if found.of else ""


def last_days(days: int, today: date) -> tuple[date, date]:
    """The first and the last of so many days that end with today."""
    return today - timedelta(days=days - 1), today
