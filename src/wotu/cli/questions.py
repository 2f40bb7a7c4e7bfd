"""``wotu events``, ``growth-accounting`` and ``rfm``: questions."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from wotu.cli.asking import add_question, spoken
from wotu.cli.output import percent, write_table
from wotu.core.periods import UNITS, WEEKDAYS


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    summary = "How often, by how many customers, with what amounts did events happen?"
    events = add_question(verbs, "events", summary, _write_events)
    events.add_argument("events", nargs="+", type=spoken, metavar="EVENT")
    events.add_argument("--measure", help="customers, count, per_customer, sum:P, avg:P, p90:P")
    events.add_argument("--unit", choices=UNITS)
    events.add_argument("--top", type=int, metavar="N", help="how many groups of --by are named")
    events.add_argument("--compare", metavar="RANGE", help="previous, or a range such as 2025-01-01..2025-02-01")
    events.add_argument("--formula", metavar="A/B", help="over the events by letter")
    growth = add_question(verbs, "growth_accounting", "Who is new, came again, came back, stayed away?", _write_growth)
    growth.add_argument(
        "events", nargs="*", type=spoken, metavar="EVENT", help="what counts as active (default: any event)"
    )
    growth.add_argument("--unit", choices=("day", "week", "month"))
    growth.add_argument("--periods", type=int, metavar="N", help="only the last N periods")
    growth.add_argument("--week-start", choices=WEEKDAYS)
    rfm = add_question(verbs, "rfm", "Recency, frequency, money and the eight value segments.", _write_rfm)
    rfm.add_argument("--as-of", metavar="D", help="facts before 00:00 of this date count")
    rfm.add_argument("--window", metavar="365d", help="only orders of this long before")
    rfm.add_argument("--monetary", choices=("total", "average"))
    rfm.add_argument("--split", type=_split, help="mean, median, score or r=30,f=2,m=500.00")


def _write_events(answer: Any) -> None:
    heads = [s.label if s.group is None else f"{s.label} · {s.group}" for s in answer.series]
    times = [time for time, _ in answer.series[0].points] if answer.series else []
    columns = [s.points for s in answer.series]
    for series, head in zip(answer.series, list(heads), strict=True):
        if series.previous is not None:
            heads.append(f"{head}, before")
            columns.append(series.previous)
    rows = [[time, *(c[i][1] if i < len(c) else None for c in columns)] for i, time in enumerate(times)]
    write_table(f"{answer.formula or answer.measure} by {answer.unit}", [answer.unit, *heads], rows)


def _write_growth(answer: Any) -> None:
    rows = [
        (p.period + ("" if p.complete else " …"), p.new, p.returning, p.resurrecting, p.dormant, p.quick_ratio)
        for p in answer.periods
    ]
    columns = [answer.unit, "new", "returning", "resurrecting", "dormant", "quick ratio"]
    write_table("Growth accounting", columns, rows)


def _write_rfm(answer: Any) -> None:
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
        raise ArgumentTypeError(f"{text!r} must look like r=30,f=2,m=500.00")
    return {name.strip(): value.strip() for name, _, value in pairs}
