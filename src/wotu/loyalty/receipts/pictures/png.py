"""PNG: chunks with a length, a name and a checksum (ISO/IEC 15948)."""

from __future__ import annotations

import zlib

from wotu.loyalty.receipts.pictures.orientation import UPRIGHT, exif_of, orientation_of
from wotu.loyalty.receipts.pictures.wrong import NoPictureError, check_size

START = b"\x89PNG\r\n\x1a\n"
_DRAWN_FROM = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_KEPT = _DRAWN_FROM | {b"tRNS", b"cHRM", b"gAMA", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}


def cleaned(content: bytes) -> bytes:
    """The same picture without texts, times, Exif, further frames, and whatever follows its end."""
    parts, up, place, name = list[bytes](), UPRIGHT, len(START), b""
    drawn = False
    while name != b"IEND":
        name, data, place = _chunk(content, place)
        if not parts and name != b"IHDR":
            raise NoPictureError("no header")
        if name == b"IHDR":
            check_size(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big"))
        elif name == b"eXIf":
            up = orientation_of(data)
        elif name not in _KEPT and not name[0] & 0x20:
            raise NoPictureError("a critical chunk that is none of PNG's")
        drawn = drawn or name == b"IDAT"
        if name in _KEPT:
            parts.append(_written(name, data))
    if not drawn:
        raise NoPictureError("no data")
    if up != UPRIGHT:
        parts.insert(1, _written(b"eXIf", exif_of(up)))
    return START + b"".join(parts)


def _chunk(content: bytes, place: int) -> tuple[bytes, bytes, int]:
    """Name and data of the chunk that begins at ``place``, and where the next one begins."""
    end = place + 8 + int.from_bytes(content[place : place + 4], "big")
    if end + 4 > len(content):
        raise NoPictureError("cut off")
    name, data = content[place + 4 : place + 8], content[place + 8 : end]
    if not name.isalpha() or int.from_bytes(content[end : end + 4], "big") != zlib.crc32(name + data):
        raise NoPictureError("a wrong checksum")
    return name, data, end + 4


def _written(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
