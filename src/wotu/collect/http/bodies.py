"""Reading a request's body: in time, within a limit, unpacked without being blown up."""

from __future__ import annotations

import asyncio
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from wotu.collect.http.refusals import ClientGone, Refused, invalid, too_large
from wotu.core.errors import ErrorCode

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
BODY_SECONDS = 15.0
# Of zlib: what begins like gzip or like zlib is told apart by itself.
_ANY_HEADER = 47
_GZIP = b"\x1f\x8b"


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], most: int, hold: Callable[[int], None]) -> bytes:
    """The body as it was sent, of at most ``most`` bytes; ``hold`` counts them as they come.

    Raises ``Refused`` when it is larger or takes longer than ``BODY_SECONDS``, ``ClientGone`` when it never
    becomes whole.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > most:
        raise too_large("body", most)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                event = await receive()
                if event["type"] != "http.request":
                    raise ClientGone
                chunk: bytes = event.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise too_large("body", most)
                hold(len(chunk))
                chunks.append(chunk)
                if not event.get("more_body"):
                    break
    except TimeoutError as error:
        message = f"The body did not arrive within {BODY_SECONDS:.0f} s; send it again."
        raise Refused(408, ErrorCode.TOO_SLOW, message, field="body") from error
    if announced.isdigit() and size < int(announced):
        raise ClientGone
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def decode_body(body: bytes, encoding: bytes, most: int) -> bytes:
    """The body with its ``Content-Encoding`` undone; never more than ``most`` bytes are unpacked."""
    name = encoding.strip().lower()
    if name in (b"gzip", b"deflate", b"x-gzip"):
        return unpack(body, most)
    if name not in (b"", b"identity"):
        message = f"The encoding {name[:40].decode('latin-1')!r} is not read; send the body plain or with gzip."
        raise Refused(415, ErrorCode.UNSUPPORTED_ENCODING, message, field="Content-Encoding")
    # Browsers cannot set the header for a beacon, and pack all the same.
    return unpack(body, most) if body[:2] == _GZIP else body


def unpack(packed: bytes, most: int) -> bytes:
    """The content of gzip or zlib data; refused when it is larger than ``most``, cut off, or damaged."""
    parts: list[bytes] = []
    left = most + 1
    while packed and left > 0:
        stream = zlib.decompressobj(_ANY_HEADER)
        try:
            part = stream.decompress(packed, left)
        except zlib.error as error:
            raise invalid("body", f"The body is damaged: {error}. Send it again.") from error
        parts.append(part)
        left -= len(part)
        if left > 0 and not stream.eof:
            raise invalid("body", "The body ends in the middle of its packed data. Send it again.")
        packed = stream.unused_data
    if left <= 0:
        raise too_large("body", most)
    return b"".join(parts)


def read_form(body: bytes, query: bytes, most: int) -> tuple[bytes, str | None]:
    """The JSON in a form (``data`` or ``data_list``: base64, perhaps packed), and the key that the form or
    the address carries; a body that is JSON already is taken as it is."""
    asked = parse_qs(query.decode("latin-1"), max_num_fields=20)
    key = _first(asked, "token", "api_key")
    start = body.lstrip()[:1]
    if start in (b"{", b"["):
        return body, key
    try:
        form = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise invalid("body", "The body is neither JSON nor a form.") from error
    text = _first(form, "data", "data_list")
    if text is None:
        raise invalid("data", "The form has neither data nor data_list.")
    try:
        # A form turns the plus of base64 into a blank when the sender did not escape it.
        content = b64decode(text.replace(" ", "+"), validate=True)
    except (Base64Error, ValueError) as error:
        raise invalid("data", "data is not base64.") from error
    key = key or _first(form, "token", "api_key")
    return unpack(content, most) if content[:2] == _GZIP else content, key


def _first(form: Mapping[str, list[str]], *names: str) -> str | None:
    for name in names:
        if form.get(name):
            return form[name][0]
    return None
