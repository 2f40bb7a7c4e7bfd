"""Tasks that note what they did in the control database, so that a test can count it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.console.site import configure

configure()

from tests.outbox import sample_tasks  # noqa: E402


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What outside tasks were told in another test is not of this one."""
    sample_tasks.TOLD.clear()
    yield
    sample_tasks.TOLD.clear()


@pytest.fixture
def told() -> list[Any]:
    """What outside tasks of this process were told."""
    return sample_tasks.TOLD
