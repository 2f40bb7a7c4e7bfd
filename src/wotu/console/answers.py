"""The workspace behind the pages; the API reads the same."""

from __future__ import annotations

from wotu.answers.kept import ask, ask_dated, found_exactly, is_warm, known_as, named_exactly, warm, workspace

__all__ = ["ask", "ask_dated", "found_exactly", "is_warm", "known_as", "named_exactly", "warm", "workspace"]
