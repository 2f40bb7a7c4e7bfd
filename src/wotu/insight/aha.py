"""Aha moment: which early behaviour tells the customers who stay from those who do not?

Born: the first time a customer did ``born`` (any event). Stayed: ``returns`` in period ``period`` after the period of
birth; only customers count whose period is over. A candidate is something done at least k times in the first
``within`` after birth, the birth event included, the end excluded, and never later than period N begins: an event, so
many different events, days or weeks (24 hours and 7 times that, from birth) with an event. Invitations are the event
``Invite Sent``.

Candidates that at least ``min_customers`` of the ranking half did, and as many did not, are tested. They are ranked by
the correlation (MCC) of doing it and staying, on one half of the customers, chosen by a hash of the customer's id; all
figures are of the other half, which had no part in the choice. p is Fisher's exact test, adjusted over all candidates
tested. What goes with staying need not make customers stay: a candidate is worth a test.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from wotu.core.durations import parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import WEEKDAYS, Unit, periods
from wotu.insight.aha_answer import AhaAnswer, Candidate, Finding
from wotu.insight.aha_fold import Aha, AhaPartial, fold
from wotu.insight.aha_kernel import DAYS, KINDS, LEAST, WEEKS
from wotu.insight.answers import Reach
from wotu.insight.association import TwoByTwo, adjusted
from wotu.insight.path_names import path_names
from wotu.timeline.questions import EventSpec, Moment, Source, event_set

UNITS: tuple[Unit, ...] = ("day", "week", "month")
INVITATION = "Invite Sent"
_BESIDE = {KINDS: "kinds", DAYS: "days", WEEKS: "weeks"}


def aha(
    source: Source, *, born: EventSpec | None = None, returns: EventSpec | None = None, within: str = "7d",
    unit: Unit = "week", period: int = 4, min_customers: int = 30, top: int = 20, since: Moment = None,
    until: Moment = None, week_start: str | None = None, where: str | dict[str, object] = "",
    audience: str | None = None, timezone: str | None = None,
) -> AhaAnswer:  # fmt: skip
    """Which behaviour in the first days tells the customers who stay from those who do not?

    ``born``, ``returns``: as in retention, any event unless named. ``within``: the first days, 24 hours each.
    ``unit``, ``period``: who stayed did ``returns`` in the period-th day, week or month after that of birth.
    ``min_customers``: how many of the ranking half must have done it, and not done it. ``top``: how many candidates are
    told, best first.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    if unit not in UNITS:
        raise invalid_argument(
            "unit", f"unit={unit!r} is not known; use one of {', '.join(UNITS)}.", Reason.NOT_A_CHOICE
        )
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={first_day!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    for name, value in (("period", period), ("min_customers", min_customers), ("top", top)):
        if not isinstance(value, int) or value < 1:
            raise invalid_argument(
                name, f"{name}={value!r} must be a whole number, at least 1.", Reason.TOO_SMALL, least=1
            )
    question = Aha(
        born=event_set(born, source.manifest, field="born"),
        returns=event_set(returns, source.manifest, field="returns"),
        within=parse_duration(within, field="within"),
        unit=unit,
        period=period,
        min_customers=min_customers,
        counted=periods(scope.since, scope.until, unit, scope.zone, first_day),
        scope=scope,
        names=path_names(source.manifest.shown_events),
    )
    return _answer(question, source.run(partial(fold, question)), top, source)


def _answer(question: Aha, total: AhaPartial, top: int, source: Source) -> AhaAnswer:
    tested = [
        (candidate, _two_by_two(total, 0, candidate).mcc, _two_by_two(total, 1, candidate))
        for candidate in _tested(question, total, source)
    ]
    p_values = adjusted([reported.p_value for _, _, reported in tested])
    findings = [
        Finding(candidate, reported, mcc or 0.0, float(p))
        for (candidate, mcc, reported), p in zip(tested, p_values, strict=True)
    ]
    findings.sort(key=lambda found: (-found.ranked_mcc, found.candidate.label, found.candidate.least))
    reach = Reach.of(source, customers=int(total.totals.sum()), events=total.events, timezone=str(question.scope.zone))
    because = None if findings else _because(question, total)
    return AhaAnswer(question, tuple(findings[:top]), len(findings), total.totals, because, reach, source)


def _tested(question: Aha, total: AhaPartial, source: Source) -> list[Candidate]:
    """What enough customers of the ranking half did and did not, if some of them stayed and some left."""
    if not total.totals[0].all():
        return []
    did = total.cells[0].sum(axis=-1)
    enough = (did >= question.min_customers) & (total.totals[0].sum() - did >= question.min_customers)
    invited = source.manifest.names.shown_as(INVITATION)
    return [
        _candidate(what, LEAST[place], question.names.names, invited) for what, place in np.argwhere(enough).tolist()
    ]


def _candidate(what: int, least: int, events: tuple[str, ...], invited: str) -> Candidate:
    if what >= len(events):
        return Candidate(kind=_BESIDE[what - len(events)], event=None, least=least, what=what)
    kind = "people" if events[what] == invited else "times"
    return Candidate(kind=kind, event=events[what], least=least, what=what)


def _two_by_two(total: AhaPartial, half: int, candidate: Candidate) -> TwoByTwo:
    left, stayed = (int(n) for n in total.cells[half, candidate.what, LEAST.index(candidate.least)])
    all_left, all_stayed = (int(n) for n in total.totals[half])
    return TwoByTwo(did_yes=stayed, did_no=left, not_yes=all_stayed - stayed, not_no=all_left - left)


def _because(question: Aha, total: AhaPartial) -> str:
    left, stayed = (int(n) for n in total.totals[0])
    whom = f"customers born in the range whose {question.unit} {question.period} is over"
    if left + stayed < 2 * question.min_customers:
        return (
            f"no candidate, because there are only {left + stayed} {whom} to rank on; "
            f"{2 * question.min_customers} are needed."
        )
    if not left or not stayed:
        return f"no candidate, because {'none' if left else 'all'} of the {left + stayed} {whom} stayed."
    return (
        f"no candidate, because nothing was done by at least {question.min_customers} of the {left + stayed} {whom} "
        "and left undone by as many."
    )
