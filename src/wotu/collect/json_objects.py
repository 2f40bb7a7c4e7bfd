"""One message as JSON text, read strictly; what cannot be kept is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from wotu.collect.values import Fault, check_json

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def read_object(content: bytes) -> Mapping[str, Any]:
    """The object that ``content`` is; numbers keep their digits. Raises ``Fault`` naming what is wrong."""
    try:
        message = _decoder.decode(content)
        suspicious = b"\\u0000" in content
    except RecursionError as error:
        raise Fault("message", "is nested too deeply") from error
    except (ValueError, ArithmeticError) as error:
        message = _decode_leniently(content, str(error))
        suspicious = True
    return checked_object(message) if suspicious or not isinstance(message, Mapping) else message


def checked_object(message: object) -> Mapping[str, Any]:
    """``message`` unchanged; a fault when it is no object or holds what JSON text cannot carry."""
    if not isinstance(message, Mapping):
        raise Fault("message", "is not an object")
    check_json(message, "")
    return message


def _decode_leniently(content: bytes, reason: str) -> Any:
    """What the standard library reads where the strict decoder refused, so that ``check_json`` can name the field."""
    try:
        return json.loads(content.decode(), parse_float=_decimal)
    except (ValueError, RecursionError):
        raise Fault("message", f"is not JSON: {reason}") from None


def _decimal(text: str) -> Decimal:
    """The number; infinity, which ``check_json`` refuses by name, where its exponent is beyond all bounds."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")
