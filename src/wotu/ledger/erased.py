"""Who was erased, by customer number."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from wotu.core.layout import Layout


def erased_customers() -> frozenset[int]:
    """Every number that an erased person ever had.

    A worker is small while nobody was: the arrays of identity, a hundred megabytes of code, are loaded only then.
    """
    path = Layout(Path(settings.WOTU_WORKSPACE)).erasures
    if not path.exists():
        return frozenset()
    from wotu.identity.erasures import read_erasures

    return frozenset(read_erasures(path).subjects().tolist())
