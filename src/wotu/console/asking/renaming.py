"""Rules that give several events one name: a pattern and the name of what it matches, and slashes off the end.

An address sends ``clean.1.pattern=Page: /item/*``, ``clean.1.name=Item`` and ``clean.slash=yes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed

SLASH = "trailing slash"
_MOST = 50


@dataclass(frozen=True)
class Rule:
    """One rule as it is typed."""

    pattern: str = ""
    name: str = ""


@dataclass(frozen=True)
class Renaming:
    """All rules as a page shows them."""

    rules: tuple[Rule, ...] = (Rule(),)
    slash: bool = False


def read(of: Field, form: Form) -> Typed:
    """The rules; buttons add (``clean:add``) and take out (``clean:drop:2``) one."""
    rules = [
        Rule(form.get(f"{of.name}.{number}.pattern"), form.get(f"{of.name}.{number}.name"))
        for number in list(form.numbers(of.name))[:_MOST]
    ]
    shown = Renaming(tuple(_acted(of, rules, form)) or (Rule(),), form.get(f"{of.name}.slash") == "yes")
    errors = {
        f"{of.name}.{number}": _("A rule needs a pattern and a name.")
        for number, rule in enumerate(shown.rules, start=1)
        if bool(rule.pattern) != bool(rule.name)
    }
    value = _value(shown)
    found = pairs(of, value) if not errors else _typed_pairs(of, shown)
    slots = tuple(f"{of.name}.{number}" for number in range(1, len(shown.rules) + 1))
    return Typed(value or None, found, shown, errors, slots)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that says the rules."""
    rules = tuple(Rule(str(each["pattern"]), str(each["name"])) for each in value if isinstance(each, Mapping))
    return _typed_pairs(of, Renaming(rules, SLASH in [each for each in value if isinstance(each, str)]))


def words(_of: Field, value: Any) -> str:
    """The rules in words."""
    return "; ".join(
        f"{each['pattern']} → {each['name']}" if isinstance(each, Mapping) else _("slashes at the end are dropped")
        for each in value
    )


def _value(shown: Renaming) -> list[Any]:
    rules = [{"pattern": rule.pattern, "name": rule.name} for rule in shown.rules if rule.pattern and rule.name]
    return [*([SLASH] if shown.slash else []), *rules]


def _typed_pairs(of: Field, shown: Renaming) -> Pairs:
    slash = [(f"{of.name}.slash", "yes")] if shown.slash else []
    return slash + [
        pair
        for number, rule in enumerate(shown.rules, start=1)
        for pair in ((f"{of.name}.{number}.pattern", rule.pattern), (f"{of.name}.{number}.name", rule.name))
        if rule.pattern or rule.name
    ]


def _acted(of: Field, rules: list[Rule], form: Form) -> list[Rule]:
    prefix, _colon, what = form.get("do").partition(":")
    act, _colon, number = what.partition(":")
    if prefix != of.name:
        return rules
    if act == "add":
        return [*(rules or [Rule()]), Rule()]
    at = int(number) - 1 if number.isascii() and number.isdigit() else -1
    return [rule for place, rule in enumerate(rules) if act != "drop" or place != at]
