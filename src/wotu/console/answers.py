"""The workspace behind the pages; the API reads the same."""

from __future__ import annotations

from wotu.answers.kept import ask, found_exactly, is_warm, known_as, named_exactly, warm, workspace

__all__ = ["ask", "found_exactly", "is_warm", "known_as", "named_exactly", "warm", "workspace"]
