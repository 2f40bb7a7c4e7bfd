from __future__ import annotations

from tests.console.site import configure

configure()
