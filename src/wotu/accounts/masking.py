"""Identifiers as people see them who may not know them: enough to recognise, too little to use.

Pure. The number of stars never tells how long the hidden part is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

STARS = "****"
_LONG_PHONE, _SHORT_PHONE = 11, 8
_SHORTEST_SHOWN = 8
# Shorter identifiers would be found inside ordinary words.
_SHORTEST_FOUND = 6

_CHINESE_MOBILE = r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
_PHONE = re.compile(rf"(?<![\w+])(?:{_CHINESE_MOBILE}|\+\d[\d ()-]{{6,18}}\d)(?!\w)")
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:.]+")
# Traits and properties that are identifiers by their name, whatever they hold.
_PERSONAL = re.compile(
    r"phone|mobile|\btel(?:ephone)?\b|e_?mail|wechat|weixin|\bqq\b|openid|unionid|external_?userid|user_?id|"
    r"member_?no|anonymous_?id|device_?id|distinct_?id|id_?card|id_?number|passport|\baddress\b|\bip\b|"
    r"手机|电话|邮箱|微信|身份证|护照|地址",
    re.IGNORECASE,
)


def mask(kind: str, value: str) -> str:
    """``value`` of identifier type ``kind`` with its middle hidden; hidden whole where little would be left."""
    if kind == "phone":
        return _phone(value)
    if kind == "email" and "@" in value:
        name, _at, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    return f"{value[:2]}{STARS}{value[-2:]}" if len(value) >= _SHORTEST_SHOWN else STARS


def mask_text(text: str, known: Collection[str] = ()) -> str:
    """``text`` with every phone number and e-mail address in it masked, and every identifier of ``known``."""
    if text in known:
        return mask("email" if "@" in text else "", text)
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= _SHORTEST_FOUND and value in text:
            text = text.replace(value, mask("email" if "@" in value else "", value))
    text = _EMAIL.sub(lambda found: mask("email", found[0]), text)
    return _PHONE.sub(lambda found: mask("phone", found[0]), text)


def mask_value(name: str, value: Any, known: Collection[str] = ()) -> Any:
    """A trait or property as ``mask_text`` masks it, in lists and objects too; whole where its name says so."""
    if isinstance(value, Mapping):
        return {mask_text(str(key), known): mask_value(str(key), each, known) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_value(name, each, known) for each in value]
    if value is None or isinstance(value, bool):
        return value
    if is_personal(name):
        return mask(_kind(name), str(value))
    if isinstance(value, str):
        return mask_text(value, known)
    shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    # A short number is like many others.
    masked = mask_text(shown, [each for each in known if len(each) >= _SHORTEST_FOUND])
    return value if masked == shown else masked


def is_personal(name: str) -> bool:
    """Whether a trait or property of this name is an identifier of a person."""
    return _PERSONAL.search(name) is not None


def _kind(name: str) -> str:
    lowered = name.lower()
    if "mail" in lowered or "邮箱" in name:
        return "email"
    return "phone" if re.search("phone|mobile|tel|手机|电话", lowered) else ""


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    if len(digits) == _LONG_PHONE + 2 and digits.startswith("861"):
        # A Chinese mobile number is read without the code of its country.
        digits = digits[2:]
    if len(digits) >= _LONG_PHONE:
        return f"{digits[:3]}{STARS}{digits[-4:]}"
    return f"{digits[:2]}{STARS}{digits[-2:]}" if len(digits) >= _SHORT_PHONE else STARS
