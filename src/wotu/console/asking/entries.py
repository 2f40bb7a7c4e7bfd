"""One event within a question as it is filled in: its names, its filter, and what it says besides.

An address sends ``steps.2=Product Added``, ``steps.2.or.1=Cart Viewed`` (either of them), ``steps.2.where=…`` and
the extras of its field: ``steps.2.optional=yes``, ``steps.2.within=1d``, ``exclude.1.after=2``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wotu.console.asking import filters
from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs
from wotu.console.asking.durations import duration_words, is_duration, is_number, split_duration
from wotu.console.asking.naming import event_words

OPTIONAL, SPANS, BORDERS = ("optional",), ("within", "gap"), ("after", "before")
OF_STEPS = OPTIONAL + SPANS
MOST_NAMES = 20
EXACT = "exact"
_YES = "yes"
_LABELS: dict[str, Promise] = {
    "optional": gettext_lazy("May be left out"),
    "within": gettext_lazy("At most so long after the step before"),
    "gap": gettext_lazy("At least so long after the step before"),
    "after": gettext_lazy("after step"),
    "before": gettext_lazy("before step"),
}


@dataclass(frozen=True)
class Extra:
    """What an entry says besides its event, as it is typed."""

    key: str
    text: str
    input: str = ""

    @property
    def label(self) -> Promise:
        return _LABELS[self.key]

    @property
    def is_span(self) -> bool:
        return self.key in SPANS

    @property
    def span(self) -> tuple[str, str]:
        """A duration as number and unit."""
        return split_duration(self.text)

    @property
    def wrong(self) -> str:
        """What is wrong with it."""
        if self.is_span and self.text and not is_duration(self.text):
            return _("Write a whole number of at least 1.")
        return _("Choose one of the options.") if self.key in BORDERS and self.text and not is_number(self.text) else ""

    @property
    def value(self) -> Any:
        """What the workspace takes; nothing where it is left as it is."""
        if not self.text or self.wrong:
            return None
        if self.key in OPTIONAL:
            return True
        return self.text if self.is_span else int(self.text)


@dataclass(frozen=True)
class Entry:
    """One event, or any of several (``also``), as its page shows it.

    ``exact``: alternatives of which each has a filter of its own, as they were kept; a page shows them in words.
    """

    name: str = ""
    also: tuple[str, ...] = ()
    where: filters.FilterShown = field(default_factory=lambda: filters.FilterShown(""))
    extras: tuple[Extra, ...] = ()
    number: int = 0
    fresh: bool = False
    moved: str = ""
    exact: tuple[Any, ...] = ()

    @property
    def prefix(self) -> str:
        """The name of its input."""
        return self.where.prefix.removesuffix(".where")

    @property
    def has_borders(self) -> bool:
        """Whether it stands between steps."""
        return any(each.key in BORDERS for each in self.extras)

    @property
    def letter(self) -> str:
        """Its letter in a formula."""
        return chr(ord("A") + self.number - 1)

    @property
    def names(self) -> list[str]:
        """The events that are named, each once."""
        if self.exact:
            return list(dict.fromkeys(_event_of(each) for each in self.exact))
        return list(dict.fromkeys(each for each in (self.name, *self.also) if each))

    def placed(self, prefix: str, number: int) -> Entry:
        """The entry under a name of its own."""
        extras = tuple(replace(each, input=f"{prefix}.{each.key}") for each in self.extras)
        return replace(self, number=number, where=replace(self.where, prefix=f"{prefix}.where"), extras=extras)

    @property
    def slots(self) -> tuple[str, ...]:
        """The inputs that have a place for an error."""
        return (self.prefix, self.where.prefix, *(each.input for each in self.offered))

    @property
    def offered(self) -> tuple[Extra, ...]:
        """What its page lets it say besides: the first step has no step before it."""
        return tuple(each for each in self.extras if self.has_borders or self.number > 1 or each.text)

    @property
    def exact_text(self) -> str:
        """The alternatives as an address has them."""
        return json.dumps(self.exact, ensure_ascii=False)

    @property
    def exact_words(self) -> str:
        """The alternatives in words, each with its filter word for word."""
        return " / ".join(_choice_words(each) for each in self.exact)

    @property
    def said(self) -> str:
        """What is said besides the event, and not seen beside it."""
        where = [_("where %(filter)s") % {"filter": self.where.text}] if self.where.text else []
        folded = [_extra_words(each) for each in self.extras if each.text and each.key not in BORDERS]
        return _(", ").join([*where, *folded])

    @property
    def value(self) -> Any:
        """The entry as the workspace takes it."""
        if self.exact:
            return list(self.exact)
        names: Any = self.names[0] if len(self.names) == 1 else self.names
        where = {"where": self.where.text} if self.where.text else {}
        said = {each.key: each.value for each in self.extras if each.value is not None}
        if said:
            return {"event": names, **where, **said}
        if not where:
            return names
        choices = [{"event": name, **where} for name in self.names]
        return choices[0] if len(choices) == 1 else choices

    @property
    def pairs(self) -> Pairs:
        """The part of an address that says it."""
        first, *others = self.names or [""]
        if self.exact:
            return [(self.prefix, first), (f"{self.prefix}.{EXACT}", self.exact_text)]
        said = [(f"{self.prefix}.or.{number}", name) for number, name in enumerate(others, start=1)]
        where = [(self.where.prefix, self.where.text)] if self.where.text else []
        return [(self.prefix, first), *said, *where, *((each.input, each.text) for each in self.extras if each.text)]


def entry_of_form(of: Field, number: int, form: Form) -> Entry:
    """The entry that stands under a number."""
    prefix = f"{of.name}.{number}"
    also = tuple(form.get(f"{prefix}.or.{place}") for place in form.numbers(f"{prefix}.or"))[:MOST_NAMES]
    extras = tuple(Extra(key, _typed(f"{prefix}.{key}", key, form)) for key in of.extras)
    if exact := _exact(form.get(f"{prefix}.{EXACT}")):
        return Entry(exact=exact)
    return Entry(form.get(prefix), also, filters.read_filter(f"{prefix}.where", form).shown, extras)


def entry_of_value(of: Field, value: Any) -> Entry:
    """An entry as it is kept: a name, a dict, or a list that means any of them."""
    if isinstance(value, str):
        return Entry(value, extras=tuple(Extra(key, "") for key in of.extras))
    if not isinstance(value, Mapping):
        return _of_choices(of, list(value))
    if set(value) - {"event", "where", *of.extras}:
        raise ValueError(f"{of.name} has no {sorted(value)}")
    names = value.get("event") or ""
    first, *others = [names] if isinstance(names, str) else [str(each) for each in names]
    extras = tuple(Extra(key, _said(value.get(key))) for key in of.extras)
    return Entry(first, tuple(others), _where(str(value.get("where") or "")), extras)


def entry_words(of: Field, value: Any) -> str:
    """One entry in words."""
    entry = entry_of_value(of, value)
    if not entry.names:
        return str(of.none or _("any event"))
    if entry.exact:
        return entry.exact_words
    said = " / ".join(event_words(each) for each in entry.names)
    if entry.where.text:
        said += f" [{entry.where.text}]"
    extras = [_extra_words(each) for each in entry.extras if each.text]
    return f"{said} ({_(', ').join(extras)})" if extras else said


def _of_choices(of: Field, choices: list[Any]) -> Entry:
    entries = [entry_of_value(of, each) for each in choices]
    if not entries or any(each.also or each.exact for each in entries):
        raise ValueError(f"{of.name}: an alternative is one event")
    if any(each.where != entries[0].where for each in entries):
        return Entry(exact=_checked(choices))
    return Entry(entries[0].name, tuple(each.name for each in entries[1:]), entries[0].where, entries[0].extras)


def _checked(choices: Any) -> tuple[Any, ...]:
    """Alternatives as the workspace takes them; raises where they are something else."""
    if len(choices) > MOST_NAMES:
        raise ValueError(f"{len(choices)} alternatives are too many")
    for each in choices:
        where = each.get("where", "") if isinstance(each, Mapping) else ""
        if not isinstance(_event_of(each), str) or not isinstance(where, (str, Mapping)):
            raise TypeError("an alternative is an event, and has a filter")
    return tuple(choices)


def _exact(text: str) -> tuple[Any, ...]:
    """The alternatives that an address has; none where it cannot be read."""
    try:
        found = json.loads(text) if text else ()
        return _checked(found) if isinstance(found, list) else ()
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _event_of(choice: Any) -> Any:
    return choice["event"] if isinstance(choice, Mapping) else choice


def _choice_words(choice: Any) -> str:
    where = choice.get("where") if isinstance(choice, Mapping) else ""
    text = where if isinstance(where, str) else json.dumps(where, ensure_ascii=False)
    return event_words(_event_of(choice)) + (f" [{text}]" if where else "")


def _where(text: str) -> filters.FilterShown:
    rows = filters.rows_of(text)
    return filters.FilterShown("", tuple(rows or ()), text, rows is None)


def _typed(name: str, key: str, form: Form) -> str:
    if key in SPANS and f"{name}.n" in form:
        number = form.get(f"{name}.n")
        return f"{number}{form.get(f'{name}.unit')}" if number else ""
    return form.get(name)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _YES if value else ""
    return "" if value is None else str(value)


def _extra_words(extra: Extra) -> str:
    if extra.key in OPTIONAL:
        return _("may be left out")
    if extra.is_span:
        span = duration_words(extra.text)
        return (
            _("at most %(span)s later") % {"span": span}
            if extra.key == "within"
            else _("at least %(span)s later") % {"span": span}
        )
    return f"{extra.label} {extra.text}"
