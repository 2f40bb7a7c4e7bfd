"""``wotu stickiness``, ``sessions``, ``activity``, ``output`` and ``active-customers``: how often customers come."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from wotu.cli.asking import add_question, spoken
from wotu.cli.output import duration, percent, write_arrow, write_table
from wotu.core.periods import WEEKDAYS

_PERIODS = ("day", "week", "month")


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    summary = "On how many days was each customer active, and what share comes on one day?"
    stickiness = add_question(verbs, "stickiness", summary, _write_stickiness)
    _add_events(stickiness, "what active means (any event)")
    _add_periods(stickiness)
    sessions = add_question(verbs, "sessions", "How many visits, by how many customers, how long and how full?")
    _add_events(sessions, "visits with one of these, of which only these count (any event)")
    _add_periods(sessions)
    _add_gap(sessions)
    sessions.add_argument("--top", type=int, metavar="N", help="how many groups of --by are named (10)")
    activity = add_question(
        verbs, "activity", "How long and how full is a visit, how often do customers visit?", _write_activity
    )
    _add_events(activity, "visits with one of these, of which only these count (any event)")
    _add_gap(activity)
    output = add_question(verbs, "output", "How many conversions and how much revenue does a visit bring?")
    output.add_argument("conversion", nargs="?", type=spoken, metavar="EVENT", help="what is wanted (Order Completed)")
    _add_periods(output)
    _add_gap(output)
    active = add_question(verbs, "active_customers", "Who was active enough in each period, and who was lost?")
    _add_events(active, "the key behaviour (any event)")
    active.add_argument("--min-count", type=int, metavar="N", help="at least so many events (1)")
    active.add_argument("--duration", metavar="10m", help="at least so long in visits with such an event, instead")
    active.add_argument("--churned-after", type=int, metavar="N", help="periods without being active (1)")
    _add_periods(active)
    _add_gap(active)


def _add_events(parser: ArgumentParser, meaning: str) -> None:
    parser.add_argument("events", nargs="*", type=spoken, metavar="EVENT", help=meaning)


def _add_periods(parser: ArgumentParser) -> None:
    parser.add_argument("--unit", choices=_PERIODS)
    parser.add_argument("--week-start", choices=WEEKDAYS)


def _add_gap(parser: ArgumentParser) -> None:
    parser.add_argument("--gap", metavar="30m", help="silence that ends a visit, instead of the workspace's")


def _write_stickiness(answer: Any) -> None:
    title = f"Active {answer.unit}s; {percent(answer.dau_mau)} of customers on one {answer.unit}"
    write_arrow(title, answer.table)


def _write_activity(answer: Any) -> None:
    told = answer.to_dict()
    rows = [
        (measure.replace("_seconds", "").replace("seconds_", "time_").replace("_", " "),
         *(duration(each[key]) if "seconds" in measure else each[key] for key in ("mean", "median", "p90")))
        for measure, each in told.items() if isinstance(each, dict) and "p90" in each
    ]  # fmt: skip
    write_table(
        f"{told['visits']:,} visits of {told['customers']:,} customers", ["measure", "mean", "median", "p90"], rows
    )
