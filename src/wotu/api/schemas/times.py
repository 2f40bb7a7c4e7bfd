"""Days and instants as they are written: a bare number is none of them, whatever it could be taken for."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d")


def _as_written(given: Any) -> Any:
    if isinstance(given, date) or (isinstance(given, str) and _WRITTEN.match(given)):
        return given
    raise ValueError("must be written as 2026-01-31, an instant as 2026-01-31T12:00:00+08:00")


Day = Annotated[date, BeforeValidator(_as_written)]
Instant = Annotated[AwareDatetime, BeforeValidator(_as_written)]
