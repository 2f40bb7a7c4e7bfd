from __future__ import annotations

import pytest
from tests.conftest import SOAK
from tests.console.site import configure

configure()

from wotu.ledger import services  # noqa: E402
from wotu.ledger.choices import UnitKind  # noqa: E402


@pytest.fixture
def points(db: None) -> str:
    """A unit to count in."""
    services.open_unit("points", UnitKind.POINTS, "Points")
    return "points"


@pytest.fixture
def examples(pytestconfig: pytest.Config) -> int:
    """How many examples a stateful test runs."""
    return pytestconfig.getoption("--examples") or (3_000 if SOAK else 20)
