"""Logs as JSON lines without personal data: settler, collector and console write the same.

What looks like an e-mail address, a phone number, a key, a password or a query string is taken out of
every line, its traceback too. Code still names no customer in what it logs: this is the second net.
"""

from __future__ import annotations

import logging
import logging.config
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from wotu.core.request_ids import current_request_id

# Letters of other scripts may stand right beside an identifier, so "a word" is meant in ASCII.
_OBSCURED = (
    # Links that sign somebody in.
    (re.compile(r"(/sign-in/once/)[^/\s'\"?>)]+"), r"\1…"),
    # User and password of an address, before e-mails: it looks like one.
    (re.compile(r"(\w://)[^/\s@]+@"), r"\1…@"),
    (re.compile(r"\b(basic|bearer|token)([ :=]+)[\w+/=.~-]{8,}", re.IGNORECASE | re.ASCII), r"\1\2…"),
    (re.compile(r"\b([wa]k_)[\w-]{16,}", re.ASCII), r"\1…"),
    (re.compile(r"([/\w])\?[\w%.~+-]+=[^\s'\"<>)]*"), r"\1?…"),
    (re.compile(r"[^\s@<>\"'(),:;=/…]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE), "…@…"),
    # An identity card, then phones: in groups (138 0000 0000), with a country's code, or whole.
    (re.compile(r"(?<!\w)\d{17}[\dXx](?!\w)", re.ASCII), "…"),
    (re.compile(r"(?<!\w)1[3-9]\d[ -]\d{4}[ -]\d{4}(?!\w)", re.ASCII), "…"),
    (re.compile(r"\+\d[\d ()-]{5,}\d"), "…"),
    (re.compile(r"(?<!\w)(?<!\d[.,])\d{7,15}(?!\w|[.,]\d)", re.ASCII), "…"),
)


def obscure(text: str) -> str:
    """``text`` without what looks personal or secret; an ellipsis stands where it was."""
    for pattern, replacement in _OBSCURED:
        text = pattern.sub(replacement, text)
    return text


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: ``time``, ``level``, ``logger``, ``message``, ``request``, ``error``.

    ``request`` is there during a request, ``error`` (the traceback) when there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": obscure(record.getMessage()),
        }
        if request := current_request_id():
            line["request"] = obscure(request)
        if record.exc_info:
            line["error"] = obscure(self.formatException(record.exc_info))
        # Lone surrogates cannot be encoded, and must not keep the rest from being told.
        return msgspec.json.encode({key: _encodable(value) for key, value in line.items()}).decode()


def logging_settings(level: str = "INFO") -> dict[str, Any]:
    """A configuration for ``logging.config.dictConfig``: everything to standard error, as JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "wotu.core.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"wotu": {"level": level}},
    }


def server_logging() -> dict[str, Any]:
    """The same for the HTTP server, whose own logger would write in its own way; requests are not logged."""
    settings = logging_settings()
    quiet = {"handlers": [], "level": "CRITICAL", "propagate": False}
    own = {"_granian": {"handlers": ["stderr"], "propagate": False}, "granian.access": quiet}
    return {**settings, "loggers": {**settings["loggers"], **own}}


def configure_logging(level: str = "INFO") -> None:
    """Log as JSON lines from now on; for processes that do not set Django up."""
    logging.config.dictConfig(logging_settings(level))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
