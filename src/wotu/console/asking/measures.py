"""What is measured of events: customers, times, or something of a number that they carry."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from wotu.console.vocabulary import property_name

MEASURES = ("customers", "count", "per_customer")
OF_NUMBERS = ("sum", "avg", "p50", "p90", "p99", "min", "max")
_PERCENTILE = re.compile(r"p\d{1,2}")


def measure_words(measure: str) -> str:
    """What is measured, in words."""
    plain = {
        "customers": pgettext("measure", "customers"), "count": pgettext("measure", "times"),
        "per_customer": pgettext("measure", "times per customer"),
    }  # fmt: skip
    of, _colon, name = measure.partition(":")
    if not name:
        return plain.get(measure, measure)
    named = {
        "sum": _("total of %(name)s"), "avg": _("average %(name)s"), "p50": _("median of %(name)s"),
        "max": _("greatest %(name)s"), "min": _("least %(name)s"),
    }  # fmt: skip
    if of in named:
        return named[of] % {"name": property_name(name)}
    if _PERCENTILE.fullmatch(of):
        return _("percentile %(percent)s of %(name)s") % {"percent": of[1:], "name": property_name(name)}
    return measure
