"""Everything that changes keys: making, replacing and revoking them, and using one for the API."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from wotu.accounts import audit
from wotu.accounts.audit import Actor
from wotu.accounts.callers import ApiCaller
from wotu.accounts.choices import AuditAction, KeyKind, Role
from wotu.accounts.models import Key, User
from wotu.accounts.reads import in_force
from wotu.accounts.snapshot import write_keys_on_commit
from wotu.core.errors import Reason, WotuError, invalid_argument

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=90)
_PREFIXES = {KeyKind.WRITE: "wk_", KeyKind.API: "ak_"}
_TEXT = re.compile(r"[aw]k_[A-Za-z0-9_-]{32}")
_NAME = re.compile(r"[\w.:-][\w.: -]{0,63}")
_ID = re.compile(r"k([1-9][0-9]{0,17})")
_HIGHEST_RATE = 1_000_000
# A busy program would otherwise write a row with every call.
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A key just made. ``text`` is told here and nowhere again."""

    id: str
    text: str


def create_key(
    *, kind: str, name: str = "", namespace: str = "default", role: str = Role.ANALYST,
    messages_per_second: int | None = None, by: Actor = "system", address: str = "",
) -> NewKey:  # fmt: skip
    """Make a key and return its text.

    A write key lets messages in, as ``name`` their source, with user ids of ``namespace``. An API key
    may what ``role`` may. Raises ``WotuError`` naming the argument that cannot be used.
    """
    if kind not in KeyKind.values:
        raise invalid_argument(
            "kind", f"kind={kind!r} is not known; use one of {', '.join(KeyKind.values)}.", Reason.NOT_A_CHOICE
        )
    writes = kind == KeyKind.WRITE
    given = Key(kind=kind, name=_name("name", name or ("web" if writes else "api")), created_at=timezone.now())
    if writes:
        given.namespace, given.messages_per_second = _name("namespace", namespace), _rate(messages_per_second)
    else:
        if messages_per_second is not None:
            raise invalid_argument(
                "messages_per_second", gettext("Only a write key has a limit of messages."), Reason.SAID
            )
        given.role = _role(role)
    detail = {"kind": kind, "name": given.name, "namespace": given.namespace, "role": str(given.role)}
    with transaction.atomic():
        made = _save(given, by)
        told = {each: value for each, value in detail.items() if value}
        audit.record(actor=by, action=AuditAction.CREATE_KEY, target=made.id, detail=told, address=address)
        write_keys_on_commit()
    return made


def rotate_key(key_id: str, *, overlap: timedelta = OVERLAP, by: Actor = "system", address: str = "") -> NewKey:
    """Replace a key by a new one that may the same; the old one works on for ``overlap``."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise invalid_argument("overlap", gettext("The overlap must be between 0 and 90 days."), Reason.SAID)
    number, now = _number(key_id), timezone.now()
    with transaction.atomic():
        # The statement that ends the old key is the one that checks it: of two at once, one replaces it.
        ended = Key.objects.filter(pk=number, expires_at=None, revoked_at=None).update(expires_at=now + overlap)
        if not ended:
            raise _not_in_force(key_id, number)
        old = Key.objects.get(pk=number)
        made = _save(
            Key(
                kind=old.kind, name=old.name, namespace=old.namespace, role=old.role, created_at=now,
                messages_per_second=old.messages_per_second, rotated_from=old,
            ),
            by,
        )  # fmt: skip
        detail = {"new": made.id, "overlap_hours": overlap / timedelta(hours=1)}
        audit.record(actor=by, action=AuditAction.ROTATE_KEY, target=key_id, detail=detail, address=address)
        write_keys_on_commit()
    return made


def revoke_key(key_id: str, *, by: Actor = "system", address: str = "") -> None:
    """End a key now; the collector refuses it within a second."""
    number, now = _number(key_id), timezone.now()
    with transaction.atomic():
        if not Key.objects.filter(in_force(now), pk=number).update(revoked_at=now):
            raise _not_in_force(key_id, number)
        audit.record(actor=by, action=AuditAction.REVOKE_KEY, target=key_id, address=address)
        write_keys_on_commit()


def use_api_key(text: str) -> ApiCaller | None:
    """Who calls with this key; ``None`` when it is no API key in force."""
    if not _TEXT.fullmatch(text):
        return None
    now = timezone.now()
    key = Key.objects.filter(in_force(now), kind=KeyKind.API, sha256=_digest(text)).first()
    if key is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _USE_NOTED_EVERY)
    Key.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return ApiCaller(f"k{key.pk}", key.name, key.role)


def _save(key: Key, by: Actor) -> NewKey:
    text = _PREFIXES[KeyKind(key.kind)] + secrets.token_urlsafe(24)
    key.sha256 = _digest(text)
    key.created_by = by if isinstance(by, User) else None
    key.save(force_insert=True)
    return NewKey(f"k{key.pk}", text)


def _name(field: str, text: str) -> str:
    name = text.strip()
    if not _NAME.fullmatch(name):
        message = gettext("Write 1 to 64 letters, digits or . _ - : for it.")
        raise invalid_argument(field, message, Reason.SAID)
    return name


def _role(role: str) -> Role:
    if role not in Role.values:
        raise invalid_argument(
            "role", f"role={role!r} is not known; use one of {', '.join(Role.values)}.", Reason.NOT_A_CHOICE
        )
    return Role(role)


def _rate(rate: int | None) -> int | None:
    if rate is not None and not 0 < rate <= _HIGHEST_RATE:
        raise invalid_argument("messages_per_second", gettext("Write a whole number from 1 to 1,000,000."), Reason.SAID)
    return rate


def _number(key_id: str) -> int:
    found = _ID.fullmatch(key_id)
    if found is None:
        raise _unknown(key_id)
    return int(found[1])


def _not_in_force(key_id: str, number: int) -> WotuError:
    key = Key.objects.filter(pk=number).first()
    if key is None:
        return _unknown(key_id)
    newer = Key.objects.filter(rotated_from=key).first()
    if newer is not None and key.revoked_at is None:
        message = gettext("%(old)s was replaced by %(new)s already.") % {"old": key_id, "new": f"k{newer.pk}"}
    else:
        message = gettext("%(key)s does not work any more; make a new one.") % {"key": key_id}
    return invalid_argument("id", message, Reason.SAID)


def _unknown(key_id: str) -> WotuError:
    message = gettext("There is no key %(key)s; look at the list of keys.") % {"key": key_id}
    return invalid_argument("id", message, Reason.SAID)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
