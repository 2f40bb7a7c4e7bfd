"""What a shop sends while its server is killed: programs that send again until they are told 200.

Whose message is whose is the same in whatever order messages arrive, so that a referee can tell.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from wotu.core.errors import WotuError
from wotu.workspace import Workspace

Message = dict[str, Any]
USERS = 30
MERGED = [(number, number + 1) for number in range(0, 8, 2)]
SPLIT = range(20, 24)
_ZONE = timezone(timedelta(hours=8))
_GIVE_UP_SECONDS = 120.0
_MAPPING = """
source: till
identifiers: {phone: phone}
time: at
order: {id: number, revenue: total, lines: {}}
"""


def phone(user: int) -> str:
    return f"138000000{user:02d}"


class Shop:
    """Draws messages; those named ``bad`` cannot be read and belong into quarantine."""

    def __init__(self, name: str, seed: int) -> None:
        self._name = name
        self._draw = random.Random(seed)
        self._number = 0
        self._sent: list[Message] = []
        self._orders: list[Message] = []

    def batch(self) -> list[Message]:
        return [self._next() for _ in range(self._draw.randint(1, 5))]

    def _next(self) -> Message:
        kind, user = self._draw.random(), self._draw.randrange(USERS)
        if self._sent and kind < 0.08:
            # On purpose: a message that was sent before.
            return self._draw.choice(self._sent)
        self._number += 1
        message: Message = {"messageId": f"{self._name}-{self._number}", "timestamp": self._time().isoformat()}
        message |= self._content(kind, user, message["messageId"])
        if "bad" not in message["messageId"]:
            self._sent.append(message)
        return message

    def _content(self, kind: float, user: int, name: str) -> Message:
        if kind < 0.10:
            return {"type": "track", "userId": f"u{user}", "messageId": f"bad-{name}"}
        if kind < 0.25:
            traits = {"phone": phone(user), "level": self._draw.choice(["gold", "silver"])}
            return {"type": "identify", "userId": f"u{user}", "anonymousId": f"a{user}", "traits": traits}
        if kind < 0.45:
            anonymous = f"a{user}" if kind < 0.4 else f"x{name}"
            return {"type": "track", "event": "Viewed", "anonymousId": anonymous}
        if kind < 0.65:
            return {"type": "track", "event": "Viewed", "userId": f"u{user}"}
        if kind < 0.80 and self._orders:
            return self._refund(self._draw.choice(self._orders))
        cents = self._draw.randint(100, 99_999)
        order = {
            "type": "track", "event": "Order Completed", "userId": f"u{user}",
            "properties": {"order_id": f"O{name}", "revenue": f"{cents // 100}.{cents % 100:02d}"},
        }  # fmt: skip
        self._orders.append(order)
        return order

    def _refund(self, order: Message) -> Message:
        """All of an order is given back, some time after the order whichever is sent first."""
        later = datetime(2026, 2, 10, 12, tzinfo=_ZONE) + timedelta(minutes=self._draw.randrange(100))
        self._orders.remove(order)
        return order | {"event": "Order Refunded", "timestamp": later.isoformat()}

    def _time(self) -> datetime:
        """Midday of some day, and now and then one that is long past."""
        days = self._draw.randrange(20) if self._draw.random() < 0.9 else -60
        return datetime(2026, 1, 5, 12, tzinfo=_ZONE) + timedelta(days=days, minutes=self._draw.randrange(100))


class Thread(threading.Thread):
    """Does ``_step`` again and again until it is told to end; what went wrong is raised by ``finish``."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._end = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._end.is_set():
                self._step()
        except BaseException as error:
            self._error = error

    def _step(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        self._end.set()
        self.join(2 * _GIVE_UP_SECONDS)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error


class HttpSender(Thread):
    """One connection that sends each batch until it is acknowledged."""

    def __init__(self, port: int, key: str, shop: Shop, *, pause: float = 0.03) -> None:
        super().__init__()
        self._port, self._shop, self._pause = port, shop, pause
        authorization = "Basic " + b64encode(f"{key}:".encode()).decode()
        self._headers = {"authorization": authorization, "content-type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None
        self.sent: list[Message] = []
        self.acknowledged: set[str] = set()
        self.answers: dict[int, int] = {}

    def _step(self) -> None:
        batch = self._shop.batch()
        self.sent += batch
        body, deadline = json.dumps({"batch": batch}), time.monotonic() + _GIVE_UP_SECONDS
        while (status := self._post(body)) != 200:
            assert status in (0, 503), status
            assert time.monotonic() < deadline, "nothing is taken any more"
            time.sleep(0.1)
        self.acknowledged |= {message["messageId"] for message in batch}
        time.sleep(self._pause)

    def _post(self, body: str) -> int:
        """The status of the answer; 0 when there was none."""
        self._connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            self._connection.request("POST", "/v1/batch", body, self._headers)
            with self._connection.getresponse() as answer:
                answer.read()
                status = answer.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection, status = None, 0
        self.answers[status] = self.answers.get(status, 0) + 1
        return status

    def finish(self) -> None:
        super().finish()
        if self._connection is not None:
            self._connection.close()


class SegmentSender(Thread):
    """Segment's own client for Python. What it gives up after its own attempts is handed to it again."""

    def __init__(self, port: int, key: str, shop: Shop) -> None:
        super().__init__()
        from segment.analytics.client import Client

        logging.getLogger("segment").setLevel(logging.CRITICAL)
        self._client = Client(
            key, host=f"http://127.0.0.1:{port}", gzip=True, max_retries=3, on_error=self._again,
            upload_interval=0.1, timeout=30,
        )  # fmt: skip
        self._shop = shop
        self.sent: list[Message] = []
        self.given_up = 0

    @property
    def acknowledged(self) -> set[str]:
        """Once it has finished: everything, or it would still be trying."""
        return {message["messageId"] for message in self.sent}

    def _again(self, _: object, batch: list[Message]) -> None:
        self.given_up += len(batch)
        for message in batch:
            self._client.queue.put(message)

    def _step(self) -> None:
        for message in self._shop.batch():
            if message["type"] == "identify" or "event" in message:
                self.sent.append(message)
                self._hand_over(message)
        time.sleep(0.05)

    def _hand_over(self, message: Message) -> None:
        common = {
            "timestamp": datetime.fromisoformat(message["timestamp"]), "message_id": message["messageId"],
            "anonymous_id": message.get("anonymousId"),
        }  # fmt: skip
        if message["type"] == "identify":
            self._client.identify(message["userId"], message["traits"], **common)
        else:
            self._client.track(message.get("userId"), message["event"], message.get("properties"), **common)

    def finish(self) -> None:
        super().finish()
        self._client.flush()
        self._client.join()


class Office(Thread):
    """People at work while the server is killed: imports, merges, splits, prices."""

    def __init__(self, workspace: Workspace, folder: Path, seed: int) -> None:
        super().__init__()
        self._workspace, self._folder, self._draw = workspace, folder, random.Random(seed)
        (folder / "till.yaml").write_text(_MAPPING)
        self._undone: list[Callable[[], None]] = [lambda pair=pair: self._merge(*pair) for pair in MERGED]
        self._undone += [lambda user=user: self._split(user) for user in SPLIT]
        self._number = 0
        self.merged: list[tuple[int, int]] = []
        self.split: list[int] = []
        self.sent: list[Message] = []
        self.price = ""

    def _step(self) -> None:
        self._number += 1
        self._import()
        if self._undone:
            self._undone[0]()
        self.price = f"{self._number}.50"
        self._workspace.put_facts("products", [{"product_id": "tea", "price": self.price}])
        self._end.wait(0.5)

    def _import(self) -> None:
        """Orders of people who told their phone number alone; each file twice."""
        path, lines = self._folder / f"till-{self._number}.csv", ["number,phone,at,total"]
        for line in range(3):
            user, number = self._draw.randrange(USERS), f"T{self._number}-{line}"
            lines.append(f"{number},{phone(user)},2026-01-20T10:00:00+08:00,8.00")
            held = {"order_id": number, "revenue": "8.00"}
            self.sent.append({
                "type": "track", "event": "Order Completed", "timestamp": "2026-01-20T10:00:00+08:00",
                "messageId": number, "traits": {"phone": phone(user)}, "properties": held,
            })  # fmt: skip
        path.write_text("\n".join(lines))
        once, again = (self._workspace.import_files([(path, self._folder / "till.yaml")]) for _ in range(2))
        assert once == {"accepted": 3, "duplicates": 0, "quarantined": 0}
        assert again == {"accepted": 0, "duplicates": 3, "quarantined": 0}

    def _merge(self, one: int, other: int) -> None:
        if self._know(f"user_id:u{one}") and self._know(f"user_id:u{other}"):
            self._workspace.merge(f"user_id:u{one}", f"user_id:u{other}", by="test")
            self.merged.append((one, other))
            self._undone.pop(0)

    def _split(self, user: int) -> None:
        one, other = self._know(f"user_id:u{user}"), self._know(f"phone:{phone(user)}")
        if one and one == other:
            self._workspace.split(f"phone:{phone(user)}", by="test")
            self.split.append(user)
            self._undone.pop(0)

    def _know(self, identifier: str) -> str | None:
        try:
            return self._workspace.customer(identifier).customer_id
        except WotuError:
            return None
