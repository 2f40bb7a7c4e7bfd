"""Photos by what they are, never by what a sender calls them."""

from __future__ import annotations

import hashlib

from wotu.core.errors import ErrorCode, WotuError, invalid_argument

MOST_BYTES = 5_000_000
JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"


def kind_of(content: bytes) -> str | None:
    """The media type of a photo by its first bytes; ``None`` for whatever is neither JPEG, PNG nor WebP."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return WEBP if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def check(content: bytes) -> str:
    """The media type of a photo; raises naming ``photo`` when it is none or too large."""
    if len(content) > MOST_BYTES:
        raise WotuError(ErrorCode.TOO_LARGE, "A photo has at most 5 MB.", field="photo")
    kind = kind_of(content)
    if kind is None:
        raise invalid_argument("photo", "photo must be a JPEG, PNG or WebP picture.")
    return kind


def digest(content: bytes) -> str:
    """A text that two copies of one file share."""
    return hashlib.sha256(content).hexdigest()
