"""WebP: chunks with a name and a length in a RIFF file (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from wotu.loyalty.receipts.pictures.orientation import UPRIGHT, exif_of, orientation_of
from wotu.loyalty.receipts.pictures.wrong import NoPictureError, check_size

_EXTENDED, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
_KEPT = frozenset({_EXTENDED, _LOSSY, _LOSSLESS, b"ALPH", b"ICCP"})
# Of the flags of an extended file: that there are Exif data, XMP, frames of an animation.
_EXIF, _XMP, _ANIMATED = 0x08, 0x04, 0x02


def begins(content: bytes) -> bool:
    """Whether a file says that it is WebP."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def cleaned(content: bytes) -> bytes:
    """The same picture without Exif, XMP, and whatever follows its end; of an animation there is none."""
    parts, up, drawn = list[tuple[bytes, bytes]](), UPRIGHT, False
    for name, data in _chunks(content):
        if name in (_EXTENDED, _LOSSY, _LOSSLESS):
            check_size(*_size(name, data))
            drawn = drawn or name != _EXTENDED
        if name == b"EXIF":
            up = orientation_of(data)
        elif name in _KEPT:
            parts.append((name, data))
    if not drawn:
        raise NoPictureError("no picture")
    if parts[0][0] == _EXTENDED:
        head = parts[0][1]
        turned = up != UPRIGHT
        flags = head[0] & ~(_EXIF | _XMP | _ANIMATED) | (_EXIF if turned else 0)
        parts[0] = (_EXTENDED, bytes([flags]) + head[1:])
        parts += [(b"EXIF", exif_of(up))] if turned else []
    body = b"WEBP" + b"".join(_written(*each) for each in parts)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, place = 8 + int.from_bytes(content[4:8], "little"), 12
    if end > len(content):
        raise NoPictureError("cut off")
    while place < end:
        start = place + 8
        stop = start + int.from_bytes(content[place + 4 : start], "little")
        if stop > end:
            raise NoPictureError("cut off")
        yield content[place : place + 4], content[start:stop]
        place = stop + stop % 2


def _size(name: bytes, data: bytes) -> tuple[int, int]:
    if len(data) < 10 and name != _LOSSLESS:
        raise NoPictureError("cut off")
    if name == _EXTENDED:
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if name == _LOSSLESS:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def _written(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "little") + data + b"\x00" * (len(data) % 2)
