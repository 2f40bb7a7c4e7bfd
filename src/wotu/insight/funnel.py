"""The funnel: how many customers did the steps one after another, in time, and who stopped where?

An *attempt* starts at every event that matches step 1; its later steps are the earliest matches in order, all within
``within`` of the start, boundary included. A customer is credited once, with the attempt that gets furthest (of
equals the earliest). One event never serves two steps. The attempt's start lies in the range; later steps may lie
after it. Events at the same time stand in the order in which they arrived.

Six events of two customers, steps View → Cart → Order within a day:
A: View Mon 9:00 · View Tue 9:00 · Cart Tue 10:00 · Order Wed 9:00 → the second attempt reaches step 3, at the last
moment; B: Cart Mon 9:00 · View Mon 10:00 → step 1, since nothing came after the view. So 2, 1 and 1 customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import get_args

from wotu.insight.breakdown import check_top
from wotu.insight.funnel_answer import FunnelAnswer, answer
from wotu.insight.funnel_fold import fold
from wotu.insight.funnel_question import By, Count, Order, View, check_choice, checked
from wotu.insight.funnel_views import check_bins
from wotu.timeline.questions import EventSpec, Moment, Source


def funnel(
    source: Source, steps: Sequence[EventSpec], *, within: str = "7d", order: Order = "ordered",
    exclude: Sequence[Mapping[str, object]] | None = None, hold: str | None = None, by: By | None = None,
    top: int = 10, count: Count = "customers", view: View = "steps", bins: int | Sequence[str] | None = None,
    since: Moment = None, until: Moment = None, where: str | Mapping[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> FunnelAnswer:  # fmt: skip
    """How many customers did the steps one after another within ``within`` of the first, and who stopped where?

    ``steps``: names, dicts with ``event`` and perhaps ``where``, ``optional``, ``within`` and ``gap`` (the most and
    the least time since the step before), or lists meaning any of them. ``order``: ``ordered`` (other events may
    come between), ``strict`` (the very next event that passes ``where``), ``any``. ``exclude``: events that void an
    attempt ``after`` one step and ``before`` another. ``hold``: a property whose value all steps share. ``by``: a
    property of step 1, a trait, or ``{"property": …, "at": "step:N|last|first_touch|last_touch"}``; ``top`` values
    are named. ``count``: customers or sessions. ``view``: ``times`` adds the time from start to end in ``bins``,
    ``trend`` adds the steps by day of start.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    check_choice(count, get_args(Count), "count")
    check_choice(view, get_args(View), "view")
    named, binned = check_top(top), check_bins(bins)
    question = checked(
        source, steps, within=within, order=order, exclude=exclude, hold=hold, by=by, view=view, scope=scope,
        session_gap=source.session_gap if count == "sessions" else 0,
    )  # fmt: skip
    return answer(question, source.run(partial(fold, question)), source, top=named, bins=binned)
