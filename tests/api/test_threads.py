"""A long question keeps nobody else waiting: under ASGI each request has a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from tests.api.conftest import _use

from wotu.accounts.key_services import create_key


def _scope(method: str, path: str, key: str) -> dict[str, Any]:
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"host", b"127.0.0.1"),
               (b"content-type", b"application/json")]  # fmt: skip
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "headers": headers, "scheme": "http",
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


async def _ask(application: Any, method: str, path: str, key: str) -> tuple[int, Any]:
    peer = ApplicationCommunicator(application, _scope(method, path, key))
    await peer.send_input({"type": "http.request", "body": b"{}" if method == "POST" else b""})
    start = await peer.receive_output(60)
    body = await peer.receive_output(60)
    await peer.wait(60)
    return start["status"], json.loads(body["body"])


@pytest.mark.django_db(transaction=True)
def test_a_long_question_blocks_nobody(
    make_workspace: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = _use(make_workspace(), monkeypatch, settings)
    key = create_key(kind="api", role="owner").text
    begun, others_done = threading.Event(), threading.Event()

    def long(question: str, **parameters: Any) -> Any:
        begun.set()
        assert others_done.wait(60), "the others never came to an end"
        return getattr(space, question)(**parameters)

    monkeypatch.setattr("wotu.api.asking.ask", long)
    application = ASGIHandler()

    async def both() -> tuple[tuple[int, Any], list[tuple[int, Any]]]:
        first = asyncio.create_task(_ask(application, "POST", "/api/v1/questions/rfm", key))
        await asyncio.to_thread(begun.wait, 60)
        others = [await _ask(application, "GET", f"/api/v1/{path}", key) for path in ("state", "customers", "facts")]
        others_done.set()
        return await first, others

    answered, others = asyncio.run(both())
    assert [status for status, _ in others] == [200, 200, 200]
    assert (answered[0], answered[1]["question"]) == (200, "rfm")
