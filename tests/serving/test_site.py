"""One port: the collector answers from the first moment, whatever becomes of the console."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.collect.http.driving import BASIC, kept, make_layout

from wotu.collect.http.app import Collector
from wotu.site import dispatch
from wotu.site.dispatch import LateConsole, Site

TRACK = json.dumps({"event": "A", "userId": "u"}).encode()


async def application(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def status(site: Site, path: str, body: bytes = b"") -> int:
    events = [{"type": "http.request", "body": body}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(b"authorization", BASIC.encode())]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await site(scope, receive, send)
    return int(sent[0]["status"])


def run(root: Path, load: Callable[[], Any], test: Callable[[Site], Awaitable[None]], *, collects: bool = True) -> None:
    """Start a site, test it, stop it, as the server does."""
    console = LateConsole(load)
    site = Site(Collector(make_layout(root)) if collects else None, console, console)

    async def whole_life() -> None:
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        life = asyncio.create_task(site({"type": "lifespan"}, events.get, said.put))
        await events.put({"type": "lifespan.startup"})
        assert (await said.get())["type"] == "lifespan.startup.complete"
        await test(site)
        await events.put({"type": "lifespan.shutdown"})
        assert (await said.get())["type"] == "lifespan.shutdown.complete"
        await life

    asyncio.run(whole_life())


def test_messages_come_in_while_the_console_is_still_loading(tmp_path: Path) -> None:
    go_on = threading.Event()

    def load() -> Any:
        assert go_on.wait(30)
        return application

    async def test(site: Site) -> None:
        visitor = asyncio.create_task(status(site, "/"))
        assert await status(site, "/v1/track", TRACK) == 200
        assert not visitor.done()
        go_on.set()
        assert await visitor == 418

    run(tmp_path, load, test)
    assert len(kept(tmp_path).table) == 1


def test_messages_come_in_when_the_console_cannot_start_and_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_RETRY_SECONDS", 0.0)
    tries: list[int] = []

    def load() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the database is down")
        return application

    async def test(site: Site) -> None:
        assert await status(site, "/") == 503
        assert await status(site, "/v1/track", TRACK) == 200
        assert await status(site, "/") == 418
        assert await status(site, "/") == 418

    run(tmp_path, load, test)
    assert len(tries) == 2
    assert len(kept(tmp_path).table) == 1


def test_a_console_alone_takes_no_messages(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        assert await status(site, "/v1/track", TRACK) == 418

    run(tmp_path, lambda: application, test, collects=False)
