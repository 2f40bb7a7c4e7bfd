"""The one shape of every refusal, and which refusals an address may answer."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema


class ErrorDetail(Schema):
    """What was wrong."""

    code: str = Field(description="A word of `docs/reference/errors.md`.", examples=["invalid_argument"])
    message: str = Field(description="What to do.", examples=["limit=0 must be at least 1."])
    field: str | None = Field(description="The argument at fault, where a single one is.", examples=["limit"])
    reason: str | None = Field(
        None, description="Why, as a word: of a coupon, an order or an item that is refused.", examples=["expired"]
    )


class Error(Schema):
    """Every refusal of every address."""

    error: ErrorDetail


_ALWAYS = (400, 401, 403, 422, 429, 500, 503)


def answers(model: Any, *more: int, status: int = 200) -> dict[int, Any]:
    """The answer of an address and the refusals it may give: those of all addresses, and ``more``."""
    return {status: model, **dict.fromkeys(sorted((*_ALWAYS, *more)), Error)}


# For addresses that change something.
IDEMPOTENT: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any text of 1 to 255 characters that is new for each request. The request is then carried "
            "out once, however often it is sent within 24 hours; repeats are answered the same.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
            "example": "8f14e45f-ceea-467f-ab1e-2f1f3b7b7c0a",
        }
    ]
}
# Their refusals besides those of all addresses.
CONFLICT, TOO_LARGE, NOT_FOUND = 409, 413, 404
