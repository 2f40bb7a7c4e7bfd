"""What a person of the team can be and choose."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a person of the team may do; see ``rules``."""

    OWNER = "owner", _("Owner")
    MARKETER = "marketer", _("Marketer")
    ANALYST = "analyst", _("Analyst")
    VIEWER = "viewer", _("Viewer")


class Theme(TextChoices):
    """Light or dark pages, or as the device is set."""

    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Language(TextChoices):
    """The language of a person's pages; empty follows the browser."""

    BROWSER = "", _("As the browser")
    CHINESE = "zh-hans", "简体中文"
    ENGLISH = "en", "English"
