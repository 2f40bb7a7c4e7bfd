"""Template filters over ``wotu.console.figures``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings

from wotu.console import figures, install, vocabulary, words
from wotu.console.asking.naming import event_words

register = template.Library()

register.filter("count", figures.count)
register.filter("count_exact", figures.count_exact)
register.filter("percent", figures.percent)
register.filter("money", figures.money)
register.filter("money_row", figures.money_row)
register.filter("money_exact", figures.money_exact)
register.filter("signed_money", figures.signed_money)
register.filter("signed_money_exact", figures.signed_money_exact)
register.filter("signed_count", figures.signed_count)
register.filter("clock", figures.clock)
register.filter("days_ago", figures.days_ago)
register.filter("plain_value", vocabulary.plain_value)
register.filter("event_words", event_words)
register.filter("segment_name", words.segment_name)


@register.filter
def day(value: date | datetime | None) -> str:
    """A date in words, or a dash."""
    return figures.day(value) if value else figures.NO_VALUE


@register.filter
def moment(value: datetime | None) -> str:
    """A day and time of day in the workspace's zone, or a dash."""
    if value is None:
        return figures.NO_VALUE
    local = value.astimezone(settings.WOTU_SETTINGS.zone)
    return f"{figures.day(local)} {figures.clock(local)}"


@register.filter
def moment_seconds(value: datetime | None) -> str:
    """A day and time of day to the second; today's day is left out."""
    if value is None:
        return figures.NO_VALUE
    local = value.astimezone(settings.WOTU_SETTINGS.zone)
    clock = f"{local:%H:%M:%S}"
    return clock if local.date() == datetime.now(local.tzinfo).date() else f"{figures.day(local)} {clock}"


@register.filter
def unlocalized(value: float) -> str:
    """A number as programs write it."""
    return str(value)


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in the unit people would use."""
    return figures.NO_VALUE if seconds is None else install.span(max(seconds, 0))


@register.filter
def weekday(value: date | datetime) -> str:
    """A date with its weekday."""
    return figures.day_and_weekday(value)


@register.filter
def field(mapping: dict[str, Any], key: str) -> Any:
    """An entry of a mapping whose key is known only when the page is drawn."""
    return mapping.get(key, "")


@register.filter
def channel_name(key: str) -> str:
    """What a channel is called; one that is not of the vocabulary stays as it came."""
    return str(words.CHANNELS.get(key, key))


@register.filter
def purpose_name(key: str) -> str:
    """What a purpose is called; one that is not of the vocabulary stays as it came."""
    return str(words.PURPOSES.get(key, key))


@register.filter
def value_kind(key: str) -> str:
    """What a kind of value is called."""
    return str(words.VALUE_KINDS.get(key, key))


@register.filter
def identifier_type(key: str) -> str:
    """What a kind of identifier is called."""
    return str(words.IDENTIFIER_TYPES.get(key, key))


@register.filter
def data_key(number: int) -> str:
    """The id of the data of a card's chart."""
    return f"data-{number}"


@register.filter
def unlinked(charts: dict[str, Any]) -> dict[str, Any]:
    """Charts without what a click on them would open."""
    return {
        theme: {**drawn, "data": [_without_link(trace) for trace in drawn["data"]]} for theme, drawn in charts.items()
    }


def _without_link(trace: dict[str, Any]) -> dict[str, Any]:
    # Boxes and links of a flow have addresses of their own.
    return {
        name: _without_link(value) if isinstance(value, dict) else value
        for name, value in trace.items()
        if name != "customdata"
    }
