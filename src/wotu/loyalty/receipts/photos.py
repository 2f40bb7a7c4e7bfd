"""Photos by what they are, never by what a sender calls them, and without what their makers wrote into them."""

from __future__ import annotations

import hashlib

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.loyalty.receipts.pictures import jpeg, png, webp
from wotu.loyalty.receipts.pictures.wrong import NoPictureError

MOST_BYTES = 5_000_000
JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
_CLEANED = {JPEG: jpeg.cleaned, PNG: png.cleaned, WEBP: webp.cleaned}


def kind_of(content: bytes) -> str | None:
    """The media type of a photo by its first bytes; ``None`` for whatever is neither JPEG, PNG nor WebP."""
    if content.startswith(jpeg.START + b"\xff"):
        return JPEG
    if content.startswith(png.START):
        return PNG
    return WEBP if webp.begins(content) else None


def cleaned(content: bytes) -> tuple[str, bytes]:
    """The media type of a photo, and the same picture without place, time and device.

    Raises naming ``photo`` when it is no picture, or too large.
    """
    if len(content) > MOST_BYTES:
        raise WotuError(ErrorCode.TOO_LARGE, "A photo has at most 5 MB.", field="photo")
    kind = kind_of(content)
    try:
        if kind is not None:
            return kind, _CLEANED[kind](content)
    except NoPictureError:
        pass
    raise invalid_argument("photo", "photo must be a whole JPEG, PNG or WebP picture.")


def digest(content: bytes) -> str:
    """A text that two copies of one picture share, whatever was written into the files."""
    return hashlib.sha256(content).hexdigest()
