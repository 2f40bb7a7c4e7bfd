"""Many clients who act at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from wotu.core.errors import WotuError

CLIENTS = 40


def together(act: Callable[[int], object], clients: int = CLIENTS) -> list[str]:
    """What each was told: ``done``, or the word of a refusal."""
    gate = Barrier(clients)

    def one(number: int) -> str:
        try:
            gate.wait(60)
            act(number)
        except WotuError as error:
            return str(error.given.get("refusal"))
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(one, range(clients)))


def why(call: Callable[[], object]) -> str:
    """The word of a refusal."""
    with pytest.raises(WotuError) as refused:
        call()
    return str(refused.value.given.get("refusal"))
