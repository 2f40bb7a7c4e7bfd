"""What has days and stands in the calendar: a table of kinds, each with what it reads. A new kind is one more line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from wotu.console.loyalty.campaign_words import days, span, state_words
from wotu.console.loyalty.campaign_words import runs as campaign_runs
from wotu.console.loyalty.contest_words import shown_contest
from wotu.console.loyalty.lotteries import shown_row
from wotu.console.loyalty.promotion_rows import times_of
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.contests import reads as contests
from wotu.loyalty.lottery import reads as lotteries
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.promotions import reads as promotions
from wotu.loyalty.receipts import reads as receipts


@dataclass(frozen=True)
class Dated:
    """Something from ``first`` to ``last``, both included (``None``: open), in words, with a link to its page.

    ``look`` is how its bar looks: ``live``, ``draft``, ``paused`` or ``ended``.
    """

    name: str
    link: str
    state: str
    look: str
    runs: str
    first: date | None
    last: date | None


@dataclass(frozen=True)
class Month:
    """What is asked for: from ``starts`` to before ``ends``, as it is known ``now``."""

    starts: datetime
    ends: datetime
    now: datetime


@dataclass(frozen=True)
class Kind:
    """One kind of what has days; ``read`` gives at least all that fall into a month, the first to begin first."""

    key: str
    name: str | Promise
    read: Callable[[Month], Iterator[Dated]]


def _campaigns(asked: Month) -> Iterator[Dated]:
    for row in campaign_reads.campaigns_between(asked.starts, asked.ends):
        first, last = days(row.starts_at or row.launched_at or row.created_at, row.ends_at)
        over = row.ends_at is not None and row.ends_at <= asked.now
        yield Dated(
            row.name, reverse("console:campaign", args=[row.code]), state_words(row, asked.now),
            CampaignState.ENDED.value if over else row.state, campaign_runs(row), first, last,
        )  # fmt: skip


def _promotions(asked: Month) -> Iterator[Dated]:
    """Promotions that have times of their own; the others run as long as their campaign, whose bar says so."""
    for row in promotions.timed_between(asked.starts, asked.ends):
        first, last = row.slots[0].starts_at, row.slots[-1].ends_at
        assert first is not None, "it has times"
        over = row.ended_at is not None or (last is not None and last <= asked.now)
        state = CampaignState.ENDED.value if over else row.campaign_state
        words = pgettext("campaign", "Over") if over else str(CampaignState(row.campaign_state).label)
        yield Dated(
            row.name, reverse("console:campaign", args=[row.campaign]), words, state, times_of(row.slots),
            *days(first, last),
        )  # fmt: skip


def _trials(asked: Month) -> Iterator[Dated]:
    """Plans that are offered with a trial, since the day they were written."""
    offered = [row for row in memberships.plans(asked.now) if row.offered and row.trial_days]
    for row in sorted(offered, key=lambda each: (each.created_at, each.code)):
        first, _last = days(row.created_at, None)
        words = ngettext("%(count)d day for nothing", "%(count)d days for nothing", row.trial_days)
        yield Dated(
            row.name, reverse("console:plan", args=[row.code]), words % {"count": row.trial_days}, "live",
            span(first, None), first, None,
        )  # fmt: skip


def _lotteries(asked: Month) -> Iterator[Dated]:
    rows = [row for row in lotteries.lotteries(asked.now) if row.starts_at < asked.ends and row.ends_at > asked.starts]
    for row in sorted(rows, key=lambda each: (each.starts_at, each.code)):
        shown = shown_row(row, asked.now)
        yield Dated(
            shown["name"], reverse("console:lottery", args=[row.code]), shown["state"],
            CampaignState.ENDED.value if shown["over"] else row.state, shown["runs"],
            *days(row.starts_at, row.ends_at),
        )  # fmt: skip


def _contests(asked: Month) -> Iterator[Dated]:
    for row in sorted(contests.contests(asked.now), key=lambda each: (each.starts_at, each.number)):
        shown = shown_contest(row, asked.now, {})
        look = CampaignState.ENDED.value if row.ends_at <= asked.now else shown.mark
        yield Dated(
            row.name, reverse("console:contest", args=[row.number]), shown.state, look, shown.days,
            *days(row.starts_at, row.ends_at),
        )  # fmt: skip


def _receipts(asked: Month) -> Iterator[Dated]:
    """Cash back for receipts, over the days of purchases that count."""
    for row in sorted(receipts.offers(asked.now), key=lambda each: (each.window.first_day, each.number)):
        over = row.window.last_day < asked.now.astimezone(settings.WOTU_SETTINGS.zone).date()
        state = CampaignState.ENDED if over else CampaignState.LIVE if row.running else CampaignState.PAUSED
        words = pgettext("campaign", "Over") if over else str(state.label) if row.running else _("Its campaign rests")
        yield Dated(
            row.name, reverse("console:campaign", args=[row.campaign]), words, state.value,
            span(row.window.first_day, row.window.last_day), row.window.first_day, row.window.last_day,
        )  # fmt: skip


KINDS = (
    Kind("campaigns", gettext_lazy("Campaigns"), _campaigns),
    Kind("promotions", gettext_lazy("Promotions"), _promotions),
    Kind("lotteries", gettext_lazy("Lotteries"), _lotteries),
    Kind("contests", gettext_lazy("Contests"), _contests),
    Kind("receipts", gettext_lazy("Receipts"), _receipts),
    Kind("trials", pgettext_lazy("calendar", "Trials of plans"), _trials),
)  # fmt: skip
