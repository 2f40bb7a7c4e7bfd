"""How the install is, in words: the banner above every page and the page of its state."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wotu.core.layout import Layout
from wotu.core.status import State
from wotu.workspace.condition import Condition, TroubleKind, observe, troubles

_BANNERS: dict[TroubleKind, str | Promise] = {
    "disk_full": gettext_lazy("The disk is nearly full. Nothing new is taken in until there is room."),
    "clock_behind": gettext_lazy("The server's clock is behind. New data wait until it is right."),
    "failing": gettext_lazy("New data cannot be settled at the moment. Nothing is lost; the server keeps trying."),
    "stopped": gettext_lazy("Settling has stopped. New data wait and do not show yet; nothing is lost."),
    "behind": gettext_lazy("New data come in faster than they are settled. Nothing is lost."),
}
_STATES: dict[State, str | Promise] = {
    "starting": gettext_lazy("starting"),
    "idle": gettext_lazy("at work"),
    "settling": gettext_lazy("at work"),
    "failing": gettext_lazy("fails and tries again"),
    "disk_full": gettext_lazy("waits for room on the disk"),
    "clock_behind": gettext_lazy("waits for the right time"),
    "stopped": gettext_lazy("stopped"),
}


@dataclass(frozen=True)
class Banner:
    """What everybody should know; ``reason`` is for whoever runs the server."""

    text: str
    reason: str


def condition() -> Condition:
    """How the install is now."""
    return observe(Layout(settings.WOTU_WORKSPACE), settings.WOTU_SETTINGS)


def banners(seen: Condition) -> tuple[Banner, ...]:
    """What needs somebody, the gravest first."""
    return tuple(Banner(str(_BANNERS[trouble.kind]), trouble.reason) for trouble in troubles(seen))


def banners_now() -> tuple[Banner, ...]:
    """The same, for a page that must be drawn whatever happens."""
    try:
        return banners(condition())
    except OSError:
        logging.getLogger(__name__).exception("The state of the install cannot be read")
        return ()


def settler_words(seen: Condition) -> str:
    """What the settler does."""
    if seen.status is None:
        return _("no settler has run yet")
    if not seen.settler_is_up:
        return _("stopped")
    return str(_STATES[seen.status.state])


def behind_words(seen: Condition) -> str:
    """How far answers are behind what came in."""
    seconds = int(seen.backlog_seconds)
    return _("Data is {span} behind").format(span=span(seconds)) if seconds else _("Data is up to date")


def span(seconds: float) -> str:
    """A length of time in the unit people would use."""
    whole = int(seconds)
    if whole < 120:
        return ngettext("%(count)d second", "%(count)d seconds", whole) % {"count": whole}
    if whole < 7_200:
        minutes = whole // 60
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if whole < 172_800:
        hours = whole // 3_600
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = whole // 86_400
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
