"""What can be asked about: the events, properties and traits that the data have, with how many carry them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from wotu.accounts.sight import Sight
from wotu.console.answers import workspace
from wotu.console.asking.filters import LINES, PATH
from wotu.console.catalogue_entries import event_entries, property_entries
from wotu.console.incoming import counted
from wotu.console.vocabulary import event_name, property_name
from wotu.core.properties import property_name as name_of_column
from wotu.facts.vocabulary import EVENTS
from wotu.timeline.manifest import Manifest
from wotu.timeline.order_lines import LINE_KINDS

TRAIT = "trait."
_NUMERIC = ("number", "money")
# What shops are asked about first, from the first look to the order.
_USUAL = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
_MOST_VALUES = 50
# What properties of events are not called so.
_OF_LINES = {
    "name": pgettext_lazy("line of an order", "name"), "amount": pgettext_lazy("line of an order", "amount"),
    "cost": pgettext_lazy("line of an order", "cost"),
}  # fmt: skip


@dataclass(frozen=True)
class Name:
    """An event, property or ``trait.x``: as it is written in a question, as it is shown, how many there are."""

    name: str
    shown: str
    count: int | None = None
    kind: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Everything with a name, the most frequent first."""

    events: tuple[Name, ...]
    properties: tuple[Name, ...]
    traits: tuple[Name, ...]
    lists: tuple[Name, ...] = ()

    @property
    def numbers(self) -> tuple[Name, ...]:
        """The properties that can be summed."""
        return tuple(each for each in self.properties if each.kind in _NUMERIC)

    @property
    def lines(self) -> tuple[Name, ...]:
        """What the lines of an order have."""
        return tuple(
            Name(
                f"{LINES}{each}", _("line: %(name)s") % {"name": _OF_LINES.get(each) or property_name(each)}, None, kind
            )
            for each, kind in LINE_KINDS.items()
        )

    @property
    def known(self) -> frozenset[str]:
        """Every name a filter may begin with, and every event."""
        named = (*self.events, *self.properties, *self.traits, *self.lines)
        return frozenset({PATH, *(each.name for each in named)})

    def usual(self, fewest: int) -> list[str]:
        """Events to begin with: those that shops have, in their order, else the most frequent."""
        there = [each.name for each in self.events if each.count != 0]
        usual = [name for name in _USUAL if name in there]
        return usual if len(usual) >= fewest else [*usual, *(name for name in there if name not in usual)][:fewest]


def catalogue(sight: Sight) -> Catalogue:
    """The names there are. While everything is being counted they come without counts."""
    manifest = workspace().generation().manifest
    tally = counted().tally
    entries = event_entries(tally, workspace().now().date()) if tally else []
    counts = {each.name: each.count for each in entries}
    given = {each.name: each.given for each in property_entries(tally)} if tally else {}
    properties = {name_of_column(column): kind for column, kind in manifest.properties.items()}
    return Catalogue(
        _ordered(
            Name(each, sight.text(event_name(each)), _sum(counts, manifest.meant_by(each)))
            for each in _events(manifest)
        ),
        _ordered(Name(each, property_name(each), given.get(each), kind) for each, kind in properties.items()),
        _ordered(Name(f"{TRAIT}{each}", each, None, kind) for each, kind in manifest.traits.items())
        + _ordered(Name(each, _published(each), None, kind) for each, kind in manifest.published.items()),
        tuple(Name(each.name, each.name, each.customers) for each in workspace().lists()),
    )


def values(name: str, event: str, sight: Sight) -> list[tuple[str, int]]:
    """The most frequent values of a property or trait; none where they would tell identifiers."""
    _asked, found = workspace().arrivals.values(name, event=event)
    plain = name.removeprefix("trait.")
    return sight.traits({plain: found.counts.most_common(_MOST_VALUES)}).get(plain, [])


def _published(name: str) -> str:
    """A column of customers as it is shown: in a list, a score, or the stage."""
    kind, _dot, rest = name.partition(".")
    if kind == "audience":
        return _("in the list “%(name)s”") % {"name": rest}
    return _("score %(name)s") % {"name": rest} if kind == "score" else _("stage of the customer")


def _events(manifest: Manifest) -> list[str]:
    """The events that came, under the names people gave them; hidden ones, and those that never came, are not
    offered."""
    shown = manifest.names.shown
    offered = (each for each in manifest.events if each not in manifest.names.hidden)
    return list(dict.fromkeys(shown.get(each, each) for each in offered))


def _sum(counts: Mapping[str, int], names: Iterable[str]) -> int | None:
    found = [counts[name] for name in names if name in counts]
    return sum(found) if found else None


def _ordered(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(sorted(names, key=lambda each: (-(each.count or 0), each.name not in EVENTS, each.shown)))
