"""What is said of a file that is no picture, and the size that no photo has."""

from __future__ import annotations

# A phone's largest sensors have 108 and 200 million; nobody reads a receipt off more.
MOST_PIXELS = 200_000_000


class NoPictureError(ValueError):
    """The bytes are no whole picture of the format that they begin as."""


def check_size(width: int, height: int) -> None:
    """Raise for a picture of no size, or of one that is made to fill the memory of whoever looks at it."""
    if not 0 < width * height <= MOST_PIXELS:
        raise NoPictureError(f"{width} × {height} pixels")
