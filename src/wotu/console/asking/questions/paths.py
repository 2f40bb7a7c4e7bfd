"""Paths: which way customers go in a visit, from a start, up to an end, or between both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Field, Question
from wotu.console.asking.drawing import flows, wrapped
from wotu.console.asking.presenting import Cell, Chart, Fact, Found, Given, Table, columns
from wotu.console.asking.shared import AUDIENCE, CLEAN, GAP, TIMEZONE, WHERE, ranged, waited
from wotu.console.vocabulary import event_name

_MOST_LINKS = 120
_PLACES = {"(end)": gettext_lazy("(end)"), "(begin)": gettext_lazy("(begin)"), "(other)": gettext_lazy("(other)")}


def present(given: Given) -> Found:
    """A flow diagram, a row per link, and the most frequent way out of the first step."""
    links = sorted(given.answer.links, key=lambda each: -each.visits)
    chart = Chart("paths", _("Ways through a visit"), _chart(given, links[:_MOST_LINKS]))
    notes = () if len(links) <= _MOST_LINKS else (_("The picture shows the widest links; the table has all of them."),)
    return Found(
        _finding(given, links), (chart,), _table(given, links), _facts(given), notes, is_empty=not given.answer.sessions
    )


def whom(_parameters: Mapping[str, Any], pick: Mapping[str, Any]) -> str:
    """Whom a number of the answer counted."""
    ends = pick.get("link") or ([pick["node"]] if pick.get("node") else [])
    return " → ".join(_said(str(each)) for each in ends)


def _finding(given: Given, links: list[Any]) -> str:
    first = {each.id for each in given.answer.nodes if each.step == 0}
    ways = [each for each in links if first & {each.source, each.target}]
    if not ways:
        return _("No visit has such a path.")
    words = {
        "source": given.sight.text(_said(ways[0].source)), "target": given.sight.text(_said(ways[0].target)),
        "number": figures.count(ways[0].visits),
        "share": figures.percent(ways[0].visits / given.answer.sessions),
    }  # fmt: skip
    if ways[0].target.endswith(":(end)"):
        return _("%(share)s of visits have one step alone: %(source)s.") % words
    return _("The most frequent way is %(source)s → %(target)s: %(number)s visits, %(share)s of all.") % words


def _facts(given: Given) -> tuple[Fact, ...]:
    answer = given.answer
    return (
        Fact(_("Visits"), figures.count(answer.sessions), figures.count_exact(answer.sessions)),
        Fact(
            _("Customers"), figures.count(answer.customer_count), figures.count_exact(answer.customer_count),
            pick=given.pick() if answer.customer_count else None,
        ),
    )  # fmt: skip


def _chart(given: Given, links: list[Any]) -> Any:
    used = {end for each in links for end in (each.source, each.target)}
    nodes = [each for each in given.answer.nodes if each.id in used]
    boxes = [
        (_name(given, each.event), each.event, each.step, each.visits, given.href(given.pick(node=each.id)))
        for each in nodes
    ]  # fmt: skip
    place = {each.id: number for number, each in enumerate(nodes)}
    shown = [
        (place[each.source], place[each.target], each.visits, _link_words(given, each), given.href(_pick(given, each)))
        for each in links if each.source in place and each.target in place
    ]  # fmt: skip
    return flows(boxes, shown)


def _link_words(given: Given, link: Any) -> str:
    ends = " → ".join(wrapped(given.sight.text(_said(each))) for each in (link.source, link.target))
    return f"{ends} <b>{figures.count_exact(link.visits)}</b>"


def _pick(given: Given, link: Any) -> Mapping[str, Any] | None:
    return given.pick(link=[link.source, link.target])


def _table(given: Given, links: list[Any]) -> Table:
    rows = [
        (
            Cell(f"{_step(each.source)} {given.sight.text(_said(each.source))}", each.source),
            Cell(f"{_step(each.target)} {given.sight.text(_said(each.target))}", each.target, is_text=True),
            Cell(figures.count(each.visits), each.visits, _pick(given, each)),
            Cell(waited(each.median_seconds), each.median_seconds),
        )
        for each in links
    ]
    heads = columns(_("From"), _("To"), _("Visits"), _("Median time"), numeric=(False, False, True, True))
    return Table(heads, tuple(rows))


def _step(node: str) -> str:
    return node.partition(":")[0]


def _said(node: str) -> str:
    name = node.partition(":")[2] or node
    return str(_PLACES.get(name) or event_name(name))


def _name(given: Given, event: str) -> str:
    return str(given.sight.text(str(_PLACES.get(event) or event_name(event))))


PATHS = Question(
    name="paths",
    title=pgettext_lazy("question", "Paths"),
    asks=gettext_lazy("Which way do customers go in a visit?"),
    sentence=gettext_lazy("Show {steps} steps of visits that start with {start} and lead to {end}"),
    fields=(
        Field("steps", "number", gettext_lazy("Steps"), 5, least=1, most=10),
        Field("start", "event", gettext_lazy("Start")),
        Field("end", "event", gettext_lazy("End")),
        ranged("28d"),
        WHERE,
        AUDIENCE,
        GAP,
        Field("top", "number", gettext_lazy("Events named"), 20, least=1, most=100, rare=True),
        TIMEZONE,
        CLEAN,
    ),
    definition=(
        gettext_lazy("A visit ends when a customer is silent for longer than the gap."),
        gettext_lazy("With an end and no start, paths are read backwards from the end."),
        gettext_lazy("The same event several times in a row is one step. Rare events are (other)."),
    ),
    present=present,
    whom=whom,
)
