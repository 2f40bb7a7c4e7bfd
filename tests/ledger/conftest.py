from __future__ import annotations

import pytest
from tests.console.site import configure

configure()

from wotu.ledger import services  # noqa: E402
from wotu.ledger.choices import UnitKind  # noqa: E402


@pytest.fixture
def points(db: None) -> str:
    """A unit to count in."""
    services.open_unit("points", UnitKind.POINTS, "Points")
    return "points"
