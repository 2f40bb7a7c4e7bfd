"""A body that is larger than its address takes ends while it arrives: nothing keeps the rest of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from wotu.site.bodies import LARGEST, LimitedBodies, largest

PIECE = b"x" * 500_000
CUSTOMER, PHOTOS = "/m/abc.def-1/receipts/", "/api/v1/receipt-offers/7/receipts"


class Keeper:
    """An application that keeps the whole body before it answers, as Django does."""

    def __init__(self) -> None:
        self.kept = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            self.kept += len(message["body"])
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def ask(path: str, pieces: int, *, told: bool) -> tuple[int, int, bytes, int]:
    """The status, what the application kept, the body of the answer, and how many pieces were never asked for."""
    keeper, sent = Keeper(), list[dict[str, Any]]()
    events = [{"type": "http.request", "body": PIECE, "more_body": left > 0} for left in reversed(range(pieces))]

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(b"content-length", str(pieces * len(PIECE)).encode())] if told else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(LimitedBodies(keeper)(scope, receive, send))
    return sent[0]["status"], keeper.kept, sent[1]["body"], len(events)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("path", ["/", "/settings/", "/m/abc/claim/", "/api/v1/messages", CUSTOMER, PHOTOS])
def test_what_is_larger_than_the_address_takes_is_refused_and_not_read_to_its_end(path: str, told: bool) -> None:
    fits = largest(path) // len(PIECE)
    assert ask(path, fits, told=told)[:2] == (200, fits * len(PIECE))
    status, kept, _, left = ask(path, 4 * fits, told=told)
    assert (status, kept <= (0 if told else largest(path))) == (413, True)
    assert left >= 3 * fits - 1


def test_photos_have_more_room_than_forms_and_nothing_else_has() -> None:
    assert largest(CUSTOMER) > largest(PHOTOS) > LARGEST > 5_000_000
    for path in ("/m/abc/", "/m/a/b/receipts/", f"{PHOTOS}/x", "/api/v1/receipts", CUSTOMER[:-1]):
        assert largest(path) == LARGEST


def test_a_program_is_answered_in_json_and_a_person_in_both_languages() -> None:
    error = json.loads(ask("/api/v1/messages", 40, told=True)[2])["error"]
    assert (error["code"], error["field"]) == ("too_large", "body")
    assert "内容太大" in ask(CUSTOMER, 40, told=True)[2].decode()
    # A length that is none is counted as it comes.
    assert ask("/", 40, told=False)[0] == 413
