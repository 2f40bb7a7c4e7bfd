"""What the API's description promises holds, whatever is sent (schemathesis makes up the requests)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from tests.api.conftest import Api

EXAMPLES = 4
DESCRIPTION = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok() for found in DESCRIPTION.get_all_operations()
}
# Texts whose meaning a schema cannot tell (times, filters, names of events) are refused with 422, rightly.
# Whether a key is asked for is a test of its own (``test_refusals``): here every request carries one.
NOT_CHECKED = [checks.positive_data_acceptance, checks.ignored_auth]


@pytest.fixture
def key(space: Any, as_role: Callable[..., Api]) -> Iterator[str]:
    # The end of a request would close the connection that holds this test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield as_role("owner").key
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_described(key: str, name: str) -> None:
    for mode in GenerationMode:
        _send(key, name, mode)


def _send(key: str, name: str, mode: GenerationMode) -> None:
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    def send(case: Any) -> None:
        sent = {"authorization": f"Bearer {key}", "accept-encoding": "identity"}
        case.call_and_validate(headers=sent, excluded_checks=NOT_CHECKED)

    send()
