"""Small pictures of the three formats, drawn from ``seed``, and what makers and others write into them."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode

# 4 × 2 pixels, as Chromium writes them.
_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxl"
    "Z2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAACAAQDASIAAhEB"
    "AxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAZEAADAQEBAAAAAAAAAAAAAAABAgMAETH/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEBAAAAAAAA"
    "AAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AvpzSU1nNFREAVVUcCgeADMzB/9k="
)
_VP8 = b64decode("kAEAnQEqBAACAALATCWkAAKdoRGAAP75BgEQtmb6CtRjvuH1YAAAAA==")
EXIF = b"Exif\x00\x00"


def exif(orientation: int, order: str = "<") -> bytes:
    """Exif data of a phone: its maker, which side is up, and where it was."""
    entries = [(0x010F, 2, 4, b"Moto"), (0x0112, 3, 1, struct.pack(f"{order}HH", orientation, 0)),
               (0x8825, 4, 1, struct.pack(f"{order}I", 62))]  # fmt: skip
    head = b"II*\x00" if order == "<" else b"MM\x00*"
    packed = b"".join(struct.pack(f"{order}HHI4s", *each) for each in entries)
    return head + struct.pack(f"{order}IH", 8, len(entries)) + packed + b"\x00" * 4 + b"GPS 31.2304 121.4737"


def jpeg(*segments: tuple[int, bytes], after: bytes = b"") -> bytes:
    """A JPEG with more segments after its first."""
    more = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in segments)
    return _JPEG[:20] + more + _JPEG[20:] + after


def png(seed: str = "", *chunks: tuple[bytes, bytes], after: bytes = b"") -> bytes:
    """A PNG of one line whose pixels are the letters of ``seed``, with more chunks before its data."""
    line = seed.encode() or b"x"
    made = [(b"IHDR", struct.pack(">IIBBBBB", len(line), 1, 8, 0, 0, 0, 0)), *chunks,
            (b"IDAT", zlib.compress(b"\x00" + line)), (b"IEND", b"")]  # fmt: skip
    written = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in made
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written) + after


def webp(*chunks: tuple[bytes, bytes], flags: int | None = None, after: bytes = b"") -> bytes:
    """A WebP, in the extended format when it has ``flags``, with more chunks after its picture."""
    head = [] if flags is None else [(b"VP8X", struct.pack("<I", flags) + b"\x03\x00\x00\x01\x00\x00")]
    made = [*head, (b"VP8 ", _VP8), *chunks]
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2) for name, data in made)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + after
