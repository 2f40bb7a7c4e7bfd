"""JPEG: segments, each with a marker and a length, and the scan's data after the last (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

from wotu.loyalty.receipts.pictures.orientation import UPRIGHT, exif_of, orientation_of
from wotu.loyalty.receipts.pictures.wrong import NoPictureError, check_size

START, _END = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP1, _APP2, _APP14, _SCAN = 0xE0, 0xE1, 0xE2, 0xEE, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Tables of Huffman and arithmetic codes and of quantisation, the restart interval, the number of lines.
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
# In the data of a scan, 0xFF is followed by 0 or is a restart; anything else is the next marker.
_NEXT = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


def cleaned(content: bytes) -> bytes:
    """The same picture without comments, Exif, XMP, makers' notes, thumbnails, and whatever follows its end."""
    parts, up, drawn, place = list[bytes](), UPRIGHT, False, len(START)
    while (marker := _marker(content, place)) != _END[1]:
        segment = _segment(content, place)
        payload, place = segment[4:], place + len(segment)
        if marker == _APP1:
            up = max(up, orientation_of(payload))
        elif kept := _kept(marker, segment, payload):
            parts.append(kept)
        if marker == _SCAN:
            following = _NEXT.search(content, place)
            if following is None:
                raise NoPictureError("no end")
            parts.append(content[place : following.start()])
            drawn, place = True, following.end() - 2
    if not drawn:
        raise NoPictureError("no scan")
    if up != UPRIGHT:
        exif = b"Exif\x00\x00" + exif_of(up)
        parts.insert(0, b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif)
    return b"".join((START, *parts, _END))


def _marker(content: bytes, place: int) -> int:
    if content[place : place + 1] != b"\xff" or place + 1 >= len(content):
        raise NoPictureError("no marker")
    return content[place + 1]


def _segment(content: bytes, place: int) -> bytes:
    length = int.from_bytes(content[place + 2 : place + 4], "big")
    if length < 2 or place + 2 + length > len(content):
        raise NoPictureError("cut off")
    return content[place : place + 2 + length]


def _kept(marker: int, segment: bytes, payload: bytes) -> bytes:
    if marker in _FRAMES:
        check_size(int.from_bytes(payload[3:5], "big"), int.from_bytes(payload[1:3], "big"))
        return segment
    if marker == _APP0 and payload.startswith(b"JFIF\x00"):
        # Its first 12 bytes are the resolution; then comes a thumbnail, of no width and height here.
        return b"\xff\xe0\x00\x10" + payload[:12].ljust(12, b"\x00") + b"\x00\x00"
    profile = marker == _APP2 and payload.startswith(b"ICC_PROFILE\x00")
    colours = marker == _APP14 and payload.startswith(b"Adobe")
    return segment if marker in _TABLES or marker == _SCAN or profile or colours else b""
