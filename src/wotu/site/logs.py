"""What the log must not hold: links that sign somebody in."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(/sign-in/once/)[^/\s'\"?>)]+")


class WithoutOneTimeLinks(logging.Formatter):
    """Takes the token out of every one-time link of a record, those of its traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, with no token in it."""
        return _TOKEN.sub(r"\1…", super().format(record))
