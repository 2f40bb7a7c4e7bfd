"""What stands around every page: navigation, the clock of the data, language and theme."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from wotu.accounts.choices import Theme
from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may
from wotu.console.answers import workspace
from wotu.console.install import banners_now
from wotu.core.errors import WotuError

THEME_COOKIE = "wotu_theme"
RAIL_COOKIE = "wotu_rail"


@dataclass(frozen=True)
class Room:
    """One entry of the navigation."""

    key: str
    url_name: str
    name: str | Promise


ROOMS = (
    Room("home", "console:home", _("Home")),
    Room("customers", "console:customers", _("Customers")),
    Room("insight", "console:insight", _("Insight")),
    Room("value", "console:value", _("Value")),
    Room("loyalty", "console:campaigns", _("Loyalty")),
    Room("data", "console:data", _("Data")),
    Room("settings", "console:settings", _("Settings")),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every page. It never fails: an error page is drawn with it too."""
    user = getattr(request, "user", None)
    member = signed_in(user)
    return {
        "rooms": ROOMS,
        "member": member,
        "may_export": may(member.role if member else None, Action.EXPORT),
        "may_erase": may(member.role if member else None, Action.ERASE),
        "may_edit_facts": may(member.role if member else None, Action.EDIT_FACTS),
        "theme": theme_of(request),
        "rail_folded": request.COOKIES.get(RAIL_COOKIE) == "folded",
        "language": get_language() or "en",
        "languages": settings.LANGUAGES,
        "space_name": settings.WOTU_SETTINGS.name,
        "currency": settings.WOTU_SETTINGS.currency,
        "data_until": _data_until() if member else None,
        "install_banners": banners_now() if member else (),
    }


def theme_of(request: HttpRequest) -> str:
    """The person's theme, else the one this browser chose, else the device's."""
    user = getattr(request, "user", None)
    member = signed_in(user)
    chosen = member.theme if member else request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in Theme.values else Theme.SYSTEM.value


def _data_until() -> Any:
    """The last day of the data where questions end there instead of now."""
    if settings.WOTU_SETTINGS.questions_until != "data":
        return None
    try:
        return None if workspace().is_empty() else (workspace().now() - timedelta(microseconds=1)).date()
    except (WotuError, OSError, RuntimeError):
        # The page that says so is drawn with this too.
        logging.getLogger(__name__).exception("The workspace cannot be read")
        return None
