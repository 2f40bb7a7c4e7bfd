"""The rules and terms of a programme as programs write them: decimal amounts and rates, not minor units.

``kept_rule`` makes of an earn rule what a programme keeps, ``written_rule`` the other way round; terms likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.choices import BadgeMetric
from wotu.loyalty.pricing.rules import WHOLE
from wotu.loyalty.pricing.written import basis_points, minor
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import json_of

_AMOUNTS = ("per", "least")


def kept_rule(written: Mapping[str, Any], currency: str) -> EarnRule:
    """An earn rule that somebody wrote; ``per`` and ``least`` are decimal text, ``per`` is nothing for a fixed gift."""
    given = {name: value for name, value in written.items() if value is not None}
    amounts = {name: minor(given[name], currency, field=name) for name in _AMOUNTS if name in given}
    if amounts.get("per") == 0:
        raise invalid_argument("per", "per must be more than 0; leave it out for points that are given once.")
    kept: EarnRule = msgspec.json.decode(msgspec.json.encode({**given, **amounts}), type=EarnRule)
    return kept


def written_rule(rule: EarnRule, currency: str) -> dict[str, Any]:
    """An earn rule as it is written."""
    shown: dict[str, Any] = json_of(rule)
    del shown["version"]
    amounts = {name: decimal_text(getattr(rule, name), currency) for name in _AMOUNTS}
    return shown | amounts | ({} if rule.per else {"per": None})


def check_levels_named(earn: Sequence[EarnRule], levels: Sequence[str]) -> None:
    """Refuse rates for a level that the programme does not have: they would never be given."""
    for rule in earn:
        unknown = sorted(set(rule.by_tier) - set(levels))
        if unknown:
            raise invalid_argument("by_tier", f"by_tier of {rule.rule_id!r} names {unknown[0]!r}, which is no level.")


def kept_terms(written: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Terms that somebody wrote, those that were given; ``point_worth`` is decimal text, ``most_share`` a rate."""
    kept = {name: value for name, value in written.items() if value is not None}
    if "point_worth" in kept:
        kept["point_worth"] = minor(kept["point_worth"], currency, field="point_worth")
    if "most_share" in kept:
        kept["most_share"] = basis_points("most_share", kept["most_share"])
    return kept


def written_terms(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a programme as they are written."""
    worth = decimal_text(terms["point_worth"], terms["currency"])
    return {**terms, "point_worth": worth, "most_share": terms["most_share"] / WHOLE}


def kept_levels(metric: str, written: Sequence[str | int], currency: str) -> list[int]:
    """What the levels of a badge take: money as decimal text for ``spent``, else whole numbers."""
    if metric == BadgeMetric.SPENT:
        return [minor(str(each), currency, field="levels") for each in written]
    if not all(isinstance(each, int) for each in written):
        raise invalid_argument("levels", f"levels of {metric} must be whole numbers.")
    return [int(each) for each in written]


def written_levels(metric: str, levels: Sequence[int], currency: str) -> list[str | int]:
    """The levels of a badge as they are written."""
    return [decimal_text(each, currency) if metric == BadgeMetric.SPENT else each for each in levels]
