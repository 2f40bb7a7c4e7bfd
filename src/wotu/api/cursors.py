"""Where a reading stopped, as an opaque text: what another room gave as ``next``, packed."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager

from wotu.core.errors import WotuError, invalid_argument

LONGEST = 600


def packed(place: str | None) -> str | None:
    """A place as a cursor; ``None``, the end, stays what it is."""
    return None if place is None else urlsafe_b64encode(place.encode()).decode().rstrip("=")


def unpacked(cursor: str | None) -> str | None:
    """The place of a cursor; raises when it is none of ours."""
    if cursor is None:
        return None
    try:
        place = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("utf-8")
    except (NotBase64, ValueError) as error:
        raise unusable() from error
    if packed(place) != cursor:
        raise unusable()
    return place


@contextmanager
def continuing() -> Iterator[None]:
    """Around a reading of another room: what it says of its place is said of the cursor."""
    try:
        yield
    except WotuError as error:
        if error.field in ("after", "before"):
            raise unusable() from error
        raise


def unusable() -> WotuError:
    """The error for a cursor that no page gave."""
    return invalid_argument("cursor", "cursor is not what the page before gave as next; leave it out to start anew.")
