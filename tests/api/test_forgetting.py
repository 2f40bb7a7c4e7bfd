"""An erased customer leaves the answers that are kept to be repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from wotu.accounts.forgetting import forget_customers, register
from wotu.api.models import IdempotentAnswer


@pytest.mark.django_db(transaction=True)
def test_answers_are_forgotten_in_the_files_too() -> None:
    told = {"name": "王芳-to-be-forgotten"}
    IdempotentAnswer.objects.create(
        caller="k1", key_sha256="0" * 64, request_mac="0" * 64, status=200, body=told, at=datetime.now(UTC)
    )
    forget_customers()
    assert IdempotentAnswer.objects.count() == 0
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        for file in path.parent.glob(f"{path.name}*"):
            assert b"to-be-forgotten" not in file.read_bytes()


def test_only_what_can_be_called_is_registered() -> None:
    with pytest.raises(TypeError, match="cannot be called"):
        register("nothing")  # type: ignore[arg-type]
