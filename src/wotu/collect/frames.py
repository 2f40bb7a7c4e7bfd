"""How a body that came over HTTP lies in a log: a frame with its length, its checksum and where it came from.

A log begins with ``MAGIC``. A frame is the length and the CRC-32 of what follows (both uint32, little
endian), then the moment received (int64, microseconds since 1970), the protocol (uint8), the length of
the origin (uint16), the origin as a JSON list, and the JSON body as it was sent.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from zlib import crc32

import msgspec

MAGIC = b"WOTULOG1"
_FRAME = struct.Struct("<II")
_HEADER = struct.Struct("<qBH")


class Protocol(IntEnum):
    """Whose language a body speaks."""

    SEGMENT = 1
    POSTHOG = 2
    SENSORS = 3


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Where a body came from.

    ``key``: id of the write key. ``type``: the message type that the address implies (empty: none).
    ``largest``: bytes a message of the body may have; 0 when none is larger, which needs no second look.
    """

    source: str
    namespace: str
    key: str = ""
    type: str = ""
    largest: int = 0


class Frame(msgspec.Struct, frozen=True):
    """One body of a log and the ``offset`` of its frame; ``received`` in microseconds since 1970."""

    offset: int
    received: int
    protocol: Protocol
    origin: Origin
    body: bytes


class DamagedFrame(msgspec.Struct, frozen=True):
    """Bytes of a log that no longer are what was written."""

    offset: int
    content: bytes


_origins = msgspec.json.Encoder()
_origin = msgspec.json.Decoder(Origin)


def pack(received: int, protocol: Protocol, origin: Origin, body: bytes) -> bytes:
    """The frame of one body."""
    about = _origins.encode(origin)
    content = _HEADER.pack(received, protocol, len(about)) + about + body
    return _FRAME.pack(len(content), crc32(content)) + content


def frames(log: bytes) -> Iterator[Frame | DamagedFrame]:
    """Every frame of a log in the order of writing; what cannot be read comes out as damaged."""
    if log[: len(MAGIC)] != MAGIC:
        yield DamagedFrame(0, log)
        return
    for offset, end in _extents(log):
        frame = _read(log, offset, end)
        yield frame or DamagedFrame(offset, log[offset:end])


def whole_length(log: bytes) -> int:
    """Length of a log up to the end of its last frame that is whole; 0 when there is none."""
    length = 0
    if log[: len(MAGIC)] == MAGIC:
        for offset, end in _extents(log):
            if _is_whole(log, offset, end):
                length = end
    return length


def _extents(log: bytes) -> Iterator[tuple[int, int]]:
    """Where frames begin and end, going by their lengths; the last one may be cut off."""
    offset = len(MAGIC)
    while offset < len(log):
        end = len(log)
        if offset + _FRAME.size <= len(log):
            end = min(end, offset + _FRAME.size + _FRAME.unpack_from(log, offset)[0])
        yield offset, end
        offset = end


def _is_whole(log: bytes, offset: int, end: int) -> bool:
    start = offset + _FRAME.size
    if end < start + _HEADER.size:
        return False
    length, checksum = _FRAME.unpack_from(log, offset)
    return end - start == length and crc32(memoryview(log)[start:end]) == checksum


def _read(log: bytes, offset: int, end: int) -> Frame | None:
    if not _is_whole(log, offset, end):
        return None
    start = offset + _FRAME.size
    received, protocol, about = _HEADER.unpack_from(log, start)
    body = start + _HEADER.size + about
    try:
        origin = _origin.decode(log[body - about : body])
        return Frame(offset, received, Protocol(protocol), origin, log[body:end])
    except ValueError:
        return None
