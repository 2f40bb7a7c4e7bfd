"""Codes of coupons: nobody guesses one, everybody can type one.

The alphabet has 31 letters and digits, of which none looks like another (no ``0 O 1 I L``). A code has 14 of them,
drawn by ``secrets``: 69 bits. With a thousand guesses a second and a million codes out, the first hit is to be
expected after more than twenty thousand years.

There is no check character: it would tell a guesser which codes are not worth a try, and a typing error and an
unknown code get the same answer anyway.
"""

from __future__ import annotations

import re
import secrets
from math import log2
from unicodedata import normalize

from wotu.core.errors import Reason, invalid_argument

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 14
BITS = int(LENGTH * log2(len(ALPHABET)))
LONGEST = 64
MOST_CODES = 1_000_000

_PREFIX = re.compile("[A-Z0-9]{0,12}")
_NOISE = re.compile(r"[\W_]+")
# Bytes above the largest multiple of 31 are left out, so that each character is drawn as often as any other.
_EVEN = 256 - 256 % len(ALPHABET)
_CHARACTERS = bytes(ALPHABET[byte % len(ALPHABET)].encode()[0] for byte in range(256))
_LEFT_OUT = bytes(range(_EVEN, 256))


def new_codes(count: int, *, prefix: str = "") -> list[str]:
    """So many different codes in their one writing, ``prefix`` first, which adds nothing to what must be guessed."""
    if not 0 <= count <= MOST_CODES:
        raise invalid_argument(
            "count", f"count={count} must lie between 0 and {MOST_CODES}.", Reason.OUT_OF_RANGE,
            least=0, most=MOST_CODES,
        )  # fmt: skip
    if not _PREFIX.fullmatch(prefix):
        raise invalid_argument("prefix", f"prefix={prefix!r} may have up to 12 characters of A-Z and 0-9.")
    codes: dict[str, None] = {}
    while len(codes) < count:
        drawn = secrets.token_bytes((count - len(codes)) * (LENGTH + 1) + LENGTH).translate(_CHARACTERS, _LEFT_OUT)
        text = drawn.decode()
        for start in range(0, min(len(text) // LENGTH, count - len(codes)) * LENGTH, LENGTH):
            codes[prefix + text[start : start + LENGTH]] = None
    return list(codes)


def written(code: str) -> str:
    """A code as people are shown it: in fours, ``ABCD-EFGH-…``."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def normal(typed: str) -> str | None:
    """The one writing of what somebody typed, ``None`` when it can be no code.

    Case, blanks, dashes, full-width characters and marks of no width do not matter. Texts longer than ``LONGEST`` are
    not looked at. Whether a code exists is for the look-up to say, in the same words and time for all.
    """
    if len(typed) > LONGEST:
        return None
    upper = normalize("NFKC", normalize("NFKC", typed).upper())
    return _NOISE.sub("", upper) or None
