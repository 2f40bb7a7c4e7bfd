"""What a draft is planned to bring, in the words of its page."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from wotu.console import figures
from wotu.console.answers import workspace
from wotu.console.loyalty.campaign_words import money
from wotu.core.errors import WotuError
from wotu.loyalty.campaigns.goods_roles import Goods, NoRole, Role
from wotu.loyalty.campaigns.plan_reads import plan_of
from wotu.loyalty.campaigns.planning import LONG_DAYS, Gap, Plan
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.pricing import Rule

_WHY: Mapping[Gap, str | Promise] = {
    Gap.NO_DATES: gettext_lazy("No estimate, because the campaign has no last day."),
    Gap.NO_ORDERS: gettext_lazy("No estimate, because there are no orders on the same days a year before."),
    Gap.NO_COSTS: gettext_lazy("No estimate, because no product has a cost or a margin under Data, Tables."),
    Gap.NOTHING_OFF: gettext_lazy("No estimate, because it takes nothing off the average order of these days."),
    Gap.SOME_GOODS: gettext_lazy("No estimate, because it is for some goods only."),
    Gap.LOSES: gettext_lazy("Every average order would lose money: a use takes off more than the goods earn."),
}


_ROLES: Mapping[Role, tuple[str | Promise, str | Promise]] = {
    Role.TRAFFIC: (pgettext_lazy("goods", "They bring people in"), gettext_lazy(
        "Many orders have them, and they leave little over: a low price is seen by many. Keep it short, and a few"
        " pieces a person.")),
    Role.STAR: (pgettext_lazy("goods", "They sell by themselves"), gettext_lazy(
        "Many orders have them, and they leave much over: taking something off costs most where people buy anyway.")),
    Role.PROFIT: (pgettext_lazy("goods", "They earn"), gettext_lazy(
        "Few orders have them, and they leave much over: let them ride along, in a bundle or as the second piece.")),
    Role.TAIL: (pgettext_lazy("goods", "They lie on the shelf"), gettext_lazy(
        "Few orders have them, and they leave little over: fit to be cleared, not to draw anybody.")),
}  # fmt: skip
_NO_ROLE: Mapping[NoRole, str | Promise] = {
    NoRole.BY_CATEGORY: gettext_lazy("No estimate, because the goods are named by category and not by product."),
    NoRole.NO_ORDERS: gettext_lazy("No estimate, because there are no orders on the same days a year before."),
    NoRole.NO_COSTS: gettext_lazy("No estimate, because these products have no cost or margin under Data, Tables."),
}


def planned(row: CampaignRow, rule: Rule) -> list[tuple[str, str, str]]:
    """Lines of (what, figure, remark); a figure that cannot be told is empty, and the remark says why."""
    try:
        told = plan_of(workspace(), row, rule, today=timezone.localdate(timezone=settings.WOTU_SETTINGS.zone))
    except WotuError:
        return []
    found = [_length(told), _before(told, row.currency), _use(told, row.currency), _margin(told), _orders(told)]
    return found if told.goods is None else [*found, _goods(told.goods)]


def _length(told: Plan) -> tuple[str, str, str]:
    if told.days is None:
        return _("Runs"), "", _("Until somebody ends it. What never ends is soon taken for the price.")
    days = ngettext("%(count)d day", "%(count)d days", told.days) % {"count": told.days}
    long = _("More than %(days)s days: customers learn to wait for the next.") % {"days": LONG_DAYS}
    return _("Runs"), days, long if told.is_long else ""


def _before(told: Plan, currency: str) -> tuple[str, str, str]:
    name, sold = _("The same days a year before"), told.before
    if sold is None:
        return name, "", str(_WHY[told.gaps["before"]])
    words = _("%(orders)s orders of %(customers)s customers, from %(first)s to %(last)s")
    counts = {"orders": figures.count_exact(sold.orders), "customers": figures.count_exact(sold.customers)}
    return name, money(sold.revenue, currency), words % {**counts, "first": sold.first, "last": sold.last}


def _use(told: Plan, currency: str) -> tuple[str, str, str]:
    name = _("A use takes off the average order")
    if told.taken_off is None or told.before is None or told.before.average is None:
        return name, "", str(_WHY[told.gaps["taken_off"]])
    return name, money(told.taken_off, currency), _("of %(amount)s") % {"amount": money(told.before.average, currency)}


def _margin(told: Plan) -> tuple[str, str, str]:
    name = _("Margin of the goods")
    if told.margin is None:
        return name, "", str(_WHY[told.gaps["margin"]])
    return name, figures.percent(told.margin), _("the mean of all products whose cost is known")


def _goods(goods: Goods) -> tuple[str, str, str]:
    name = _("What these goods do")
    if goods.role is None:
        return name, "", str(_NO_ROLE[goods.gap or NoRole.NO_ORDERS])
    role, advice = _ROLES[goods.role]
    shares = {"reach": figures.percent(goods.reach), "margin": figures.percent(goods.margin)}
    return name, str(role), " ".join([_("In %(reach)s of orders, margin %(margin)s.") % shares, str(advice)])


def _orders(told: Plan) -> tuple[str, str, str]:
    name = _("Orders it takes to earn as much")
    if told.times_orders is None:
        return name, "", str(_WHY[told.gaps["times_orders"]])
    return name, _("%(times)s times as many") % {"times": f"{told.times_orders:.2f}"}, _("if every order used a coupon")
