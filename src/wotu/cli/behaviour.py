"""Questions of behaviour as verbs: what customers do, in which order, and whether they come back."""

from __future__ import annotations

from typing import Any

from wotu.cli.asking import add_question, listed, spoken
from wotu.cli.output import duration, messages, percent, write_arrow, write_table
from wotu.core.periods import WEEKDAYS

PERIODS = ("day", "week", "month")


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    _add_funnel(verbs)
    _add_separation(verbs)
    _add_retention(verbs)
    _add_habit_loop(verbs)
    _add_step_doctor(verbs)
    _add_aha(verbs)
    _add_paths(verbs)
    _add_smart_path(verbs)
    _add_growth_path(verbs)


def _add_funnel(verbs: Any) -> None:
    summary = "How many customers did the steps one after another, and who stopped where?"
    funnel = add_question(verbs, "funnel", summary, _write_funnel)
    funnel.add_argument("steps", nargs="+", type=spoken, metavar="STEP", help="an event, or JSON with its filter")
    funnel.add_argument("--within", metavar="7d", help="how long after step 1 the others may come")
    funnel.add_argument("--order", choices=("ordered", "strict", "any"))
    funnel.add_argument("--exclude", type=spoken, action="append", metavar="JSON", help="an event between two steps")
    funnel.add_argument("--hold", metavar="PROPERTY", help="a property whose value all steps share")
    funnel.add_argument("--top", type=int, metavar="N", help="how many groups of --by are named (10)")
    funnel.add_argument("--count", choices=("customers", "sessions"))
    funnel.add_argument("--view", choices=("steps", "times", "trend"))
    funnel.add_argument("--bins", type=_bins, metavar="N", help="of --view times: how many bins, or 1h,1d,7d")


def _bins(text: str) -> int | list[str]:
    return int(text) if text.isdecimal() else listed(text)


def _write_funnel(answer: Any) -> None:
    told = answer.to_dict()
    write_arrow(f"Funnel of {told['counted']} ({told['order']})", answer.table)
    if "times" in told:
        rows = [
            (duration(each["from_seconds"]), duration(each["to_seconds"]), each["customers"]) for each in told["times"]
        ]
        write_table("From start to end", ["from", "to", told["counted"]], rows, left=2)
    if "trend" in told:
        steps = [str(step["step"]) for step in told["steps"]]
        days = [(day["time"], *day["customers"], percent(day["conversion"])) for day in told["trend"]]
        write_table("By day of start", ["day", *steps, "conversion"], days)


def _add_separation(verbs: Any) -> None:
    summary = "What tells those who went on from a step of a funnel from those who stopped there?"
    separation = add_question(verbs, "separation", summary, _write_separation)
    separation.add_argument("steps", nargs="+", type=spoken, metavar="STEP")
    separation.add_argument("--step", type=int, metavar="N", help="between this step and the next (1)")
    separation.add_argument("--within", metavar="7d", help="how long after step 1 the others may come")
    separation.add_argument("--order", choices=("ordered", "strict", "any"))
    separation.add_argument(
        "--exclude", type=spoken, action="append", metavar="JSON", help="an event between two steps"
    )
    separation.add_argument("--hold", metavar="PROPERTY", help="a property whose value all steps share")
    separation.add_argument("--least", type=int, metavar="N", help="how many must have it, and have it not (20)")
    separation.add_argument("--top", type=int, metavar="N", help="how many candidates are told (50)")


def _write_separation(answer: Any) -> None:
    told = answer.to_dict()
    rows = [
        (" ".join(filter(None, (each["name"], each["value"], each["when"]))), percent(each["share_converted"]),
         percent(each["share_dropped"]), each["lift"], each["adjusted_p"])
        for each in told["candidates"]
    ]  # fmt: skip
    title = f"{told['converted']:,} went on from {told['from']}, {told['dropped']:,} stopped; {told['tested']:,} tested"
    write_table(title, ["candidate", "went on", "stopped", "lift", "p, adjusted"], rows)
    messages().print(told["note"])


def _add_retention(verbs: Any) -> None:
    summary = "Of the customers born in each period, how many came back later?"
    retention = add_question(verbs, "retention", summary, _write_retention)
    retention.add_argument("--born", type=spoken, metavar="EVENT", help="how a customer begins (any event)")
    retention.add_argument("--returns", type=spoken, metavar="EVENT", help="what counts as coming back (any event)")
    retention.add_argument("--unit", choices=PERIODS)
    retention.add_argument("--mode", choices=("on", "within", "on_or_after"))
    retention.add_argument("--cohort", choices=("first", "first_ever", "every"))
    retention.add_argument("--min-count", type=int, metavar="N", help="at least so many returns")
    retention.add_argument("--periods", type=int, metavar="N", help="the periods 0 to N")
    retention.add_argument("--brackets", type=listed, metavar="1,2-3,4-7", help="brackets instead of single periods")
    retention.add_argument("--rolling", action="store_true", help="24-hour windows from the birth on")
    retention.add_argument("--measure", choices=("customers", "revenue"))
    retention.add_argument("--week-start", choices=WEEKDAYS)
    retention.add_argument("--top", type=int, metavar="N", help="how many groups of --by are named (10)")


def _write_retention(answer: Any) -> None:
    labels = [str(label) for label in answer.columns.labels]
    for group in answer.groups or (answer.everybody,):
        rows = [
            (
                each.cohort + ("" if each.complete else " …"),
                each.size,
                *(percent(each.rate(n)) for n in range(len(labels))),
            )
            for each in group.cohorts
        ]
        rates = [each.rate if answer.measure == "customers" else each.revenue_rate for each in group.overall]
        total = ("all", sum(each.size for each in group.cohorts), *map(percent, rates))
        title = f"Retention by {answer.unit}, {answer.mode}" + ("" if group.value is None else f": {group.value}")
        write_table(title, [answer.unit, "size", *labels], [total, *rows])


def _add_habit_loop(verbs: Any) -> None:
    summary = "How often do customers go round the loop of trigger, action, reward and investment?"
    loop = add_question(verbs, "habit_loop", summary, _write_habit_loop)
    for part in ("trigger", "action", "reward", "investment"):
        loop.add_argument(f"--{part}", type=spoken, required=True, metavar="EVENT")
    loop.add_argument("--within", metavar="7d", help="how long after its trigger a loop may take")
    loop.add_argument("--messages", type=spoken, metavar="EVENT", help="what counts as a message by us")
    loop.add_argument("--message-within", metavar="1d", help="how long after a message a visit is prompted")
    loop.add_argument("--gap", metavar="30m", help="silence that ends a visit")
    loop.add_argument("--week-start", choices=WEEKDAYS)


def _write_habit_loop(answer: Any) -> None:
    told = answer.to_dict()
    steps = [(each["step"], each["event"], each["reached"], percent(each["from_previous"])) for each in told["steps"]]
    write_table("Loops", ["step", "event", "reached", "of step before"], steps, left=2)
    weeks = [
        (w["week"] + ("" if w["complete"] else " …"), w["customers"], w["loops"], w["loops_per_customer"], w["returns"],
         percent(w["unprompted_share"]))
        for w in told["weeks"]
    ]  # fmt: skip
    write_table("By week", ["week", "customers", "loops", "per customer", "returns", "unprompted"], weeks)


def _add_paths(verbs: Any) -> None:
    paths = add_question(verbs, "paths", "Which way do customers go in a session?")
    paths.add_argument("--start", type=spoken, metavar="EVENT", help="paths begin with this event")
    paths.add_argument("--end", type=spoken, metavar="EVENT", help="paths lead up to this event")
    paths.add_argument("--steps", type=int, metavar="N", help="how many visits are shown (5)")
    paths.add_argument("--gap", metavar="30m", help="silence that ends a session")
    paths.add_argument("--top", type=int, metavar="N", help="how many events keep their name (20)")
    paths.add_argument("--clean", type=spoken, action="append", metavar="RULE", help="a rule that renames events")


def _add_smart_path(verbs: Any) -> None:
    summary = "By which routes do customers come to a goal, and who did not arrive?"
    path = add_question(verbs, "smart_path", summary, _write_smart_path)
    path.add_argument("--goal", type=spoken, required=True, metavar="EVENT")
    path.add_argument("--start", type=spoken, metavar="EVENT", help="routes begin with this event")
    path.add_argument("--across", action="store_true", help="let a route go on beyond the session")
    path.add_argument("--steps", type=int, metavar="N", help="of a longer route the beginning is told (20)")
    path.add_argument("--gap", metavar="30m", help="silence that ends a session")
    path.add_argument("--top", type=int, metavar="N", help="how many routes are told (10)")
    path.add_argument("--clean", type=spoken, action="append", metavar="RULE", help="a rule that renames events")


def _write_smart_path(answer: Any) -> None:
    told = answer.to_dict()
    title = f"{told['arrived']:,} of {told['starts']:,} arrived at {told['goal']} ({percent(told['rate'])})"
    rows = [
        (" → ".join(route["events"]), route["sessions"], route["customers"], percent(route["share"]),
         duration(route["median_seconds"]))
        for route in told["routes"]
    ]  # fmt: skip
    write_table(title, ["route", "sessions", "customers", "share", "median"], rows)


def _add_step_doctor(verbs: Any) -> None:
    summary = "Why do customers stop between two steps: motivation, friction, prompt or reward?"
    doctor = add_question(verbs, "step_doctor", summary, _write_step_doctor)
    doctor.add_argument("steps", nargs="+", type=spoken, metavar="STEP")
    doctor.add_argument("--step", type=int, metavar="N", help="between this step and the next (1)")
    doctor.add_argument("--within", metavar="7d", help="how long after step 1 the others may come")
    doctor.add_argument("--before", metavar="30d", help="how long before the step intent and rewards are looked for")
    doctor.add_argument("--shortly", metavar="1d", help="how long before the step prompts are looked for")
    for part in ("views", "pages", "fields", "errors", "messages", "slots", "offers", "taken"):
        doctor.add_argument(f"--{part}", type=spoken, metavar="EVENT", help=f"what counts as {part}")
    doctor.add_argument("--min-customers", type=int, metavar="N", help="how many must have gone on, and stopped (30)")


def _write_step_doctor(answer: Any) -> None:
    told = answer.to_dict()
    title = f"{told['went_on']:,} of {told['customers']:,} went on from {told['from']} to {told['to']}"
    rows = [
        (lever["name"]["en"], each["name"]["en"], each["went_on"], each["stopped"], each["lift"],
         each["difference_low"], each["difference_high"])
        for lever in told["levers"] for each in lever["signals"]
    ]  # fmt: skip
    write_table(title, ["lever", "signal", "went on", "stopped", "lift", "difference from", "to"], rows, left=2)
    messages().print(f"{told['conclusion']['en']} {told['caution']['en']}")


def _add_aha(verbs: Any) -> None:
    aha = add_question(verbs, "aha", "Which behaviour in the first days tells who stays?", _write_aha)
    aha.add_argument("--born", type=spoken, metavar="EVENT", help="how a customer begins (any event)")
    aha.add_argument("--returns", type=spoken, metavar="EVENT", help="what counts as staying (any event)")
    aha.add_argument("--within", metavar="7d", help="the first days")
    aha.add_argument("--unit", choices=PERIODS)
    aha.add_argument("--period", type=int, metavar="N", help="stayed: came in the period so many after birth (4)")
    aha.add_argument("--min-customers", type=int, metavar="N", help="how many must have done it, and not done it (30)")
    aha.add_argument("--top", type=int, metavar="N", help="how many candidates are told (20)")
    aha.add_argument("--week-start", choices=WEEKDAYS)


def _write_aha(answer: Any) -> None:
    told = answer.to_dict()
    rows = [
        (each["label"], each["did"], percent(each["share"]), percent(each["retention_with"]),
         percent(each["retention_without"]), each["lift"], each["mcc"], each["adjusted_p_value"])
        for each in told["candidates"]
    ]  # fmt: skip
    columns = ["behaviour", "did", "share", "stay with", "without", "lift", "MCC", "p, adjusted"]
    write_table(f"{told['tested']:,} behaviours; {percent(told['retention'])} of customers stay", columns, rows)
    if told["because"]:
        messages().print(told["because"])


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
