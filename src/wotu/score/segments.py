"""The eight value segments: which high/low pattern is which, in the order people read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentRule:
    """``pattern``: whether R, F and M are high; for R, high means few days since the last order."""

    key: str
    name: str
    pattern: tuple[bool, bool, bool]


SEGMENTS = (
    SegmentRule("important_value", "重要价值客户", (True, True, True)),
    SegmentRule("important_develop", "重要发展客户", (True, False, True)),
    SegmentRule("important_keep", "重要保持客户", (False, True, True)),
    SegmentRule("important_winback", "重要挽回客户", (False, False, True)),
    SegmentRule("general_value", "一般价值客户", (True, True, False)),
    SegmentRule("general_develop", "一般发展客户", (True, False, False)),
    SegmentRule("general_keep", "一般保持客户", (False, True, False)),
    SegmentRule("general_winback", "一般挽留客户", (False, False, False)),
)
KEYS = tuple(rule.key for rule in SEGMENTS)


def segment_number(r_high: bool, f_high: bool, m_high: bool) -> int:
    """Position in ``SEGMENTS`` of a pattern."""
    return next(i for i, rule in enumerate(SEGMENTS) if rule.pattern == (r_high, f_high, m_high))
