"""One writing per identifier: e-mail case and blanks, phone numbers in all usual Chinese writings.

A value that cannot be what its type says (a phone ``无``, an e-mail without ``@``) becomes null:
used as an identifier it would join strangers.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# Marks of writing direction and of no width, which copying from an address book leaves behind.
_INVISIBLE = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_EMAIL = r"^[^@\s]+@[^@\s]+$"
_PHONE_NOISE = r"[\s\-().·/]+"
_PHONE = r"^\+?[0-9]{5,15}$"


def normalise(kind: str, values: pa.Array) -> pa.Array:
    """``values`` of identifier type ``kind`` in their one writing; null where unusable."""
    cleaned = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, _INVISIBLE, ""))
    if kind == "email":
        cleaned = _email(cleaned)
    elif kind == "phone":
        cleaned = _phone(cleaned)
    return pc.if_else(pc.equal(cleaned, ""), pa.scalar(None, pa.string()), cleaned)


def _email(values: pa.Array) -> pa.Array:
    lowered = pc.utf8_lower(pc.utf8_normalize(values, form="NFKC"))
    return pc.if_else(pc.match_substring_regex(lowered, _EMAIL), lowered, pa.scalar(None, pa.string()))


def _phone(values: pa.Array) -> pa.Array:
    digits = pc.replace_substring_regex(pc.utf8_normalize(values, form="NFKC"), _PHONE_NOISE, "")
    international = pc.replace_substring_regex(digits, r"^00", "+")
    # A Chinese mobile number with or without +86, 86 or a leading 0 is one number.
    chinese = pc.replace_substring_regex(international, r"^(?:\+?86)?0?(1[3-9][0-9]{9})$", r"+86\1")
    return pc.if_else(pc.match_substring_regex(chinese, _PHONE), chinese, pa.scalar(None, pa.string()))


def identifier_keys(kind: str, namespaces: pa.Array, values: pa.Array) -> pa.Array:
    """The text under which an identifier is indexed: a ``user_id`` within its namespace, others alone."""
    prefix = pa.scalar(kind, pa.string())
    # No identifier holds this character, so that no two namespaces and values share a key.
    separator = pa.scalar("\0", pa.string())
    if kind == "user_id":
        return pc.binary_join_element_wise(prefix, namespaces, values, separator)
    return pc.binary_join_element_wise(prefix, values, separator)
