"""From a request to a frame on disk: who sends, how much, whether it can be understood, whether there is room."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from wotu.collect.frames import Frame, Origin, Protocol, pack
from wotu.collect.http.bodies import Receive, decode_body, read_body, read_form
from wotu.collect.http.committing import GroupCommit
from wotu.collect.http.counters import Counters
from wotu.collect.http.following import Following
from wotu.collect.http.keys import Key, Keys, find_key, key_of_header, read_keys
from wotu.collect.http.rates import Rates
from wotu.collect.http.recent import Recent
from wotu.collect.http.refusals import Refused, invalid, too_large
from wotu.collect.http.room import Disk, Waiting, disk_full
from wotu.collect.http.routes import Route
from wotu.collect.logs import LogWriter, seal_orphans
from wotu.collect.quick import is_usual
from wotu.collect.segment import read_message
from wotu.collect.unpacking import Parts, split, unpack
from wotu.collect.values import Fault
from wotu.core.layout import Layout
from wotu.core.settings import Settings, read_settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Intake:
    """Takes requests in for one workspace; made and used on a running event loop."""

    def __init__(self, layout: Layout) -> None:
        incoming = layout.inbox / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        seal_orphans(incoming)
        self.counters = Counters()
        self.recent = Recent(layout.run / "live.json")
        keys: Keys = {}
        self._keys = Following(layout.keys, read_keys, keys)
        self._settings = Following(layout.settings, read_settings, Settings())
        self._disk = Disk(layout.root)
        self._waiting = Waiting()
        self._rates = Rates()
        self._log = GroupCommit(LogWriter(incoming), self.counters)

    def close(self) -> None:
        """Write what waits, seal the log, and leave the latest arrivals on disk."""
        self._log.close()
        with suppress(OSError):
            self.recent.write()

    def check_health(self) -> None:
        """Raise ``Refused`` when nothing would be taken now."""
        self._disk.check(self._settings.current().reserve_mb)

    async def take(self, route: Route, headers: Mapping[bytes, bytes], query: bytes, receive: Receive) -> None:
        """Keep what one request brings; it is on disk when this returns. Raises ``Refused``, ``ClientGone``."""
        try:
            with self._waiting.holding() as hold:
                await self._take(route, headers, query, receive, hold)
        except Refused as refusal:
            self.counters.rejected[refusal.error.code.value] += 1
            self.recent.refused(refusal)
            raise

    async def _take(
        self, route: Route, headers: Mapping[bytes, bytes], query: bytes, receive: Receive, hold: Callable[[int], None]
    ) -> None:
        settings = self._settings.current()
        self._disk.check(settings.reserve_mb)
        text = key_of_header(headers[b"authorization"]) if b"authorization" in headers else None
        key = find_key(self._keys.current(), text, time.time()) if text else None
        most = settings.largest_message_bytes if route.type else settings.largest_batch_bytes
        # A form writes three bytes as four, and some of those as three again.
        sent = await read_body(receive, headers, 4 * most if route.form else most, hold)
        body = decode_body(sent, headers.get(b"content-encoding", b""), most)
        if route.form:
            body, text = read_form(body, query, most)
        if len(body) > most:
            raise too_large("body", most)
        hold(len(body))
        parts = _parts(route, body)
        key = key or find_key(self._keys.current(), text or _key_inside(parts), time.time())
        try:
            await self._keep(route, key, parts, body, settings)
        except Refused as refusal:
            refusal.source = key.source
            raise

    async def _keep(self, route: Route, key: Key, parts: Parts, body: bytes, settings: Settings) -> None:
        rate = settings.messages_per_second if key.messages_per_second is None else key.messages_per_second
        self._rates.check(key.id, rate)
        received = time.time_ns() // 1000
        largest = _check_messages(route, parts, settings, received)
        self._rates.spend(key.id, rate, len(parts.messages))
        frame = Frame(0, received, route.protocol, Origin(key.source, key.namespace, key.id, route.type, largest), body)
        if parts.messages:
            await self._write(frame)
        self.counters.accepted += len(parts.messages)
        self.counters.received_bytes += len(body)
        self.recent.accepted(frame, len(parts.messages))

    async def _write(self, frame: Frame) -> None:
        try:
            await self._log.write(pack(frame.received, frame.protocol, frame.origin, frame.body))
        except OSError as error:
            raise disk_full(f"the disk could not be written to ({error.strerror or error}).") from error


def _parts(route: Route, body: bytes) -> Parts:
    try:
        return split(route.protocol, body, single=bool(route.type))
    except Fault as fault:
        raise invalid(fault.field, f"{fault.field} {fault}") from fault


def _key_inside(parts: Parts) -> object:
    """The write key that a body carries where a browser cannot set headers."""
    if parts.key is not None or not parts.messages:
        return parts.key
    try:
        first = msgspec.json.decode(parts.messages[0], type=dict[str, object])
    except (ValueError, RecursionError):
        return None
    properties = first.get("properties")
    inside = properties.get("token") if isinstance(properties, dict) else None
    return first.get("writeKey") or first.get("api_key") or first.get("token") or inside


def _check_messages(route: Route, parts: Parts, settings: Settings, received: int) -> int:
    """Understand a single message, or refuse it naming the field; of a batch look at sizes only.

    The bytes that a message may have when one of the batch has more (it goes to quarantine), else 0.
    """
    most = settings.largest_message_bytes
    if parts.batch:
        return most if any(len(memoryview(message)) > most for message in parts.messages) else 0
    text = bytes(parts.messages[0])
    if len(text) > most:
        raise too_large("message", most)
    if route.protocol is Protocol.SEGMENT and is_usual(text, route.type, received):
        return 0
    try:
        moment = _EPOCH + timedelta(microseconds=received)
        for message, sent_at in unpack(route.protocol, text, route.type, parts.shared):
            read_message(message, settings.currency, moment, sent_at=sent_at)
    except Fault as fault:
        field = fault.field.lstrip(".")
        raise invalid(field, f"{field} {fault}; nothing was kept.") from fault
    except RecursionError as error:
        raise invalid("message", "The message is nested too deeply; nothing was kept.") from error
    return 0
