from __future__ import annotations

from tests.console.conftest import open_as, space

__all__ = ["open_as", "space"]
