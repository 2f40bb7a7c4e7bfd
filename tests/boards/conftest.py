from __future__ import annotations

import pytest
from tests.console.site import configure

configure()

from wotu.accounts import services  # noqa: E402
from wotu.accounts.models import User  # noqa: E402


@pytest.fixture
def ann(db: None) -> User:
    """A person of the team."""
    services.add_user("ann")
    return User.objects.get(username="ann")
