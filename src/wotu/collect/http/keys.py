"""Write keys: who may send, as the accounts of the team snapshot them into ``keys.json``."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from wotu.collect.http.refusals import Refused
from wotu.core.errors import ErrorCode


class Key(msgspec.Struct, frozen=True):
    """A key in force: the SHA-256 of its text, and what its messages are filed under.

    ``expires``: seconds since 1970 from when it is no longer in force.
    """

    id: str
    sha256: str
    kind: str
    source: str
    namespace: str = "default"
    messages_per_second: int | None = None
    expires: int | None = None


class _Snapshot(msgspec.Struct):
    version: int
    keys: list[Key]


Keys = Mapping[str, Key]


def read_keys(path: Path) -> Keys:
    """The keys in force by SHA-256."""
    return {key.sha256: key for key in msgspec.json.decode(path.read_bytes(), type=_Snapshot).keys}


def key_of_header(authorization: bytes) -> str | None:
    """The key in an ``Authorization`` header: user of ``Basic``, or ``Bearer``."""
    scheme, _, value = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip().decode("latin-1")
    if scheme.lower() != b"basic":
        return None
    try:
        return b64decode(value.strip(), validate=True).decode("utf-8", "replace").partition(":")[0]
    except (Base64Error, ValueError):
        return None


def find_key(keys: Keys, text: object, now: float) -> Key:
    """The key with this text, in force at ``now`` (seconds since 1970).

    The look-up is by hash, so that how long it takes tells nothing about keys.

    Raises ``Refused`` (401) when there is none, or when it is no write key.
    """
    if not isinstance(text, str) or not text:
        message = "No write key came with the request; send it as the user of Basic authorization."
        raise Refused(401, ErrorCode.UNAUTHORIZED, message, field="authorization")
    key = keys.get(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    if key is None or (key.expires is not None and key.expires <= now):
        message = "This write key is unknown or no longer in force; make one with: wotu keys create --kind write"
        raise Refused(401, ErrorCode.UNAUTHORIZED, message, field="authorization")
    if key.kind != "write":
        message = f"This is a key of the kind {key.kind}; messages need a write key."
        raise Refused(401, ErrorCode.UNAUTHORIZED, message, field="authorization")
    return key
