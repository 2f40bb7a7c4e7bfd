"""The latest arrivals and refusals, for the console's live inspector, in ``run/live.json``.

An arrival tells what a message is and which names it carries, never their values: nobody's data lies in
this file.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from wotu.collect.frames import Frame
from wotu.collect.http.refusals import Refused
from wotu.collect.segment import TRAIT_IDENTIFIERS
from wotu.collect.unpacking import split, unpack
from wotu.collect.values import Fault

KEPT = 200
# Bodies looked into per writing: what came before them in the same second is only counted.
_LOOKED_INTO = 20
_IDS = ("userId", "anonymousId", "user_id", "anonymous_id", "previousId", "groupId")


class Arrival(msgspec.Struct, frozen=True):
    """One message that was kept. ``time``: seconds since 1970; ``names``: its properties or traits;
    ``identifiers``: the kinds of identifier it carries."""

    time: float
    source: str
    protocol: str
    type: str
    event: str | None
    names: list[str]
    identifiers: list[str]


class Rejection(msgspec.Struct, frozen=True):
    """One request that was refused, or one message that will go to quarantine."""

    time: float
    source: str
    code: str
    field: str | None
    reason: str


class Live(msgspec.Struct):
    """The file: ``accepted`` and ``rejected`` count since the collector started; newest last."""

    pid: int
    updated: float
    accepted: int
    rejected: int
    arrivals: list[Arrival]
    rejections: list[Rejection]


def last_arrivals(path: Path) -> dict[str, float]:
    """When each source was last heard of, as far as the file remembers; nothing when there is none."""
    try:
        live = msgspec.json.decode(path.read_bytes(), type=Live)
    except (OSError, msgspec.DecodeError):
        return {}
    # Newest last, so the newest of a source stays.
    return {arrival.source: arrival.time for arrival in live.arrivals}


class Recent:
    """Keeps what came last and writes it down when asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: deque[Frame] = deque(maxlen=_LOOKED_INTO)
        self._arrivals: deque[Arrival] = deque(maxlen=KEPT)
        self._rejections: deque[Rejection] = deque(maxlen=KEPT)
        self._accepted = self._rejected = 0
        self._changed = True

    def accepted(self, frame: Frame, messages: int) -> None:
        """A body was kept."""
        self._frames.append(frame)
        self._accepted += messages
        self._changed = True

    def refused(self, refusal: Refused) -> None:
        """A request was answered with an error."""
        error = refusal.error
        self._reject(Rejection(time.time(), refusal.source, error.code.value, error.field, error.message))
        self._rejected += 1

    def write(self) -> None:
        """Replace the file, if anything changed since it was written."""
        if not self._changed:
            return
        self._changed = False
        self._look_into_frames()
        live = Live(
            os.getpid(), time.time(), self._accepted, self._rejected, list(self._arrivals), list(self._rejections)
        )
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(live))
        temporary.replace(self._path)

    def _look_into_frames(self) -> None:
        """Turn the newest bodies into arrivals; under load, looking into all would slow the way in."""
        arrivals: deque[Arrival] = deque()
        while self._frames and len(arrivals) < KEPT:
            arrivals.extendleft(reversed(list(self._arrivals_in(self._frames.pop()))))
        self._frames.clear()
        self._arrivals.extend(arrivals)

    def _arrivals_in(self, frame: Frame) -> Iterator[Arrival]:
        origin, at = frame.origin, frame.received / 1e6
        try:
            parts = split(frame.protocol, frame.body, single=bool(origin.type))
        except Fault:
            return
        for text in parts.messages[-KEPT:]:
            try:
                for message, _ in unpack(frame.protocol, bytes(text), origin.type, parts.shared):
                    yield _arrival(message, at, origin.source, frame.protocol.name.lower())
            except Fault as fault:
                self._reject(Rejection(at, origin.source, "invalid_message", fault.field.lstrip("."), str(fault)))

    def _reject(self, rejection: Rejection) -> None:
        self._rejections.append(rejection)
        self._changed = True


def _arrival(message: Mapping[str, Any], at: float, source: str, protocol: str) -> Arrival:
    kind = str(message.get("type") or "track")[:20]
    event = message.get("event") or message.get("name")
    told = message.get("traits" if kind in ("identify", "group") else "properties")
    told = told if isinstance(told, Mapping) else {}
    identifiers = [name for name in _IDS if message.get(name) not in (None, "")]
    identifiers += [name for name in TRAIT_IDENTIFIERS if kind == "identify" and name in told]
    names = [str(name)[:80] for name in list(told)[:50]]
    return Arrival(at, source, protocol, kind, event[:200] if isinstance(event, str) else None, names, identifiers)
