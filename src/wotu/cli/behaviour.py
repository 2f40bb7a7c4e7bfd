"""``wotu paths`` and ``growth-path``: which ways customers go."""

from __future__ import annotations

from typing import Any

from wotu.cli.asking import add_question, spoken
from wotu.cli.output import percent, write_table
from wotu.core.periods import WEEKDAYS

PERIODS = ("day", "week", "month")


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    _add_paths(verbs)
    _add_growth_path(verbs)


def _add_paths(verbs: Any) -> None:
    paths = add_question(verbs, "paths", "Which way do customers go in a session?")
    paths.add_argument("--start", type=spoken, metavar="EVENT", help="paths begin with this event")
    paths.add_argument("--end", type=spoken, metavar="EVENT", help="paths lead up to this event")
    paths.add_argument("--steps", type=int, metavar="N", help="how many visits are shown (5)")
    paths.add_argument("--gap", metavar="30m", help="silence that ends a session")
    paths.add_argument("--top", type=int, metavar="N", help="how many events keep their name (20)")
    paths.add_argument("--clean", type=spoken, action="append", metavar="RULE", help="a rule that renames events")


def _add_growth_path(verbs: Any) -> None:
    summary = "From which lifecycle stage to which do customers go, and who is stuck?"
    path = add_question(verbs, "growth_path", summary, _write_growth_path)
    path.add_argument("--scheme", type=spoken, help="activity, relationship or a list of rules as JSON")
    path.add_argument(
        "--event", dest="events", type=spoken, action="append", metavar="EVENT", help="what counts as activity"
    )
    path.add_argument("--unit", choices=PERIODS)
    path.add_argument("--stuck-after", type=spoken, metavar="60d", help="a duration, or one per stage as JSON")
    path.add_argument("--week-start", choices=WEEKDAYS)


def _write_growth_path(answer: Any) -> None:
    told = answer.to_dict()
    columns = ["stage", "name", "customers", "stays", "median days", "stuck after days", "stuck"]
    rows = [
        (s["stage"], s["name"], s["customers"], s["stays"], s["median_days"], s["stuck_after_days"], s["stuck"])
        for s in told["stages"]
    ]
    write_table("Stages now", columns, rows, left=2)
    moves = [(move["from"], move["to"], move["customers"], percent(move["share"])) for move in told["matrix"]]
    write_table(
        f"Transitions by {told['unit']}, periods that are over", ["from", "to", "customers", "share"], moves, left=2
    )
