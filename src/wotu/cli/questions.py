"""``wotu events``, ``growth-accounting`` and ``rfm``: questions."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import percent, write_json, write_table
from wotu.core.errors import invalid_argument
from wotu.core.periods import UNITS, WEEKDAYS


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    events = add_verb(
        verbs, "events", _events, "How often, by how many customers, with what amounts did events happen?"
    )
    events.add_argument("events", nargs="+", metavar="EVENT")
    events.add_argument("--measure", default="customers", help="customers, count, per_customer, sum:P, avg:P, p90:P")
    events.add_argument("--unit", default="day", choices=UNITS)
    growth = add_verb(verbs, "growth-accounting", _growth, "Who is new, came again, came back, stayed away?")
    growth.add_argument("events", nargs="*", metavar="EVENT", help="what counts as active (default: any event)")
    growth.add_argument("--unit", default="week", choices=("day", "week", "month"))
    growth.add_argument("--periods", type=int, metavar="N", help="only the last N periods")
    growth.add_argument("--week-start", choices=WEEKDAYS)
    rfm = add_verb(verbs, "rfm", _rfm, "Recency, frequency, money and the eight value segments.")
    rfm.add_argument("--as-of", metavar="D", help="facts before 00:00 of this date count")
    rfm.add_argument("--window", metavar="365d", help="only orders of this long before")
    rfm.add_argument("--monetary", default="total", choices=("total", "average"))
    rfm.add_argument("--split", default="mean", help="mean, median, score or r=30,f=2,m=500.00")


def _events(options: Namespace) -> None:
    asked = common(options, "since", "until", "where", "by", "audience", "timezone")
    answer = open_workspace(options).events(options.events, measure=options.measure, unit=options.unit, **asked)
    if wants_json(options):
        write_json(answer.to_dict())
        return
    heads = [s.label if s.group is None else f"{s.label} · {s.group}" for s in answer.series]
    times = [time for time, _ in answer.series[0].points] if answer.series else []
    rows = [[time, *(s.points[i][1] for s in answer.series)] for i, time in enumerate(times)]
    write_table(f"{options.measure} by {options.unit}", [options.unit, *heads], rows)


def _growth(options: Namespace) -> None:
    asked = common(options, "since", "until", "where", "audience", "timezone")
    answer = open_workspace(options).growth_accounting(
        options.events or None, unit=options.unit, periods=options.periods, week_start=options.week_start, **asked
    )
    if wants_json(options):
        write_json(answer.to_dict())
        return
    rows = [
        (p.period + ("" if p.complete else " …"), p.new, p.returning, p.resurrecting, p.dormant, p.quick_ratio)
        for p in answer.periods
    ]
    columns = [options.unit, "new", "returning", "resurrecting", "dormant", "quick ratio"]
    write_table("Growth accounting", columns, rows)


def _rfm(options: Namespace) -> None:
    common(options)
    answer = open_workspace(options).rfm(
        options.as_of, window=options.window, monetary=options.monetary, split=_split(options.split)
    )
    if wants_json(options):
        write_json(answer.to_dict())
        return
    rows = [
        (s.name, s.key, s.customers, percent(s.share), s.revenue, percent(s.revenue_share)) for s in answer.segments
    ]
    columns = ["segment", "key", "customers", "share", "net revenue", "share"]
    write_table(f"Value segments as of {answer.as_of} ({len(answer):,} customers)", columns, rows, left=2)


def _split(text: str) -> Any:
    if "=" not in text:
        return text
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not name or not value for name, _, value in pairs):
        raise invalid_argument("split", f"split={text!r} must look like r=30,f=2,m=500.00.")
    return {name.strip(): value.strip() for name, _, value in pairs}
