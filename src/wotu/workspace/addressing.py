"""How a message names a customer who is known already, so that identity leads it to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.identifiers import STRONG


def addressed(
    identifiers: Iterable[tuple[str, str, str]], customer_id: str
) -> tuple[dict[str, Any], str]:  # fmt: skip
    """The fields of a message that lead to the customer, and the namespace to send it in.

    ``identifiers`` as (kind, value, namespace), the strongest first. Raises ``WotuError`` when the customer has none
    that a message can name.
    """
    for kind, value, namespace in identifiers:
        if kind == "user_id":
            return {"userId": value}, namespace
        if kind in STRONG:
            return {"context": {"traits": {kind: value}}}, "default"
        if kind == "anonymous_id":
            return {"anonymousId": value}, "default"
    raise WotuError(
        ErrorCode.INVALID_ARGUMENT,
        f"{customer_id} has no identifier that a message can name, so nothing can be recorded for them.",
        field="identifier",
    )
