"""Everything that changes the team: adding people, signing in, passwords and preferences."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from wotu.accounts import audit, limits
from wotu.accounts.audit import Actor
from wotu.accounts.choices import AuditAction, Language, Role, Theme
from wotu.accounts.models import OneTimeLogin, User
from wotu.core.errors import Reason, WotuError, invalid_argument

TOKEN_LIFE = timedelta(hours=24)
_LONGEST_NAME = 64
_LONGEST_PASSWORD = 1024


class SignInRefused(Exception):
    """The name and password do not belong together; which of them is wrong is not told."""


def fold(username: str) -> str:
    """The one spelling of a name: without blanks around it, case or width."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def add_user(
    username: str, *, role: str = Role.OWNER, display_name: str = "", by: Actor = "system", address: str = ""
) -> str:
    """Add a person and return a one-time sign-in token, valid for 24 hours."""
    name = fold(username)
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise invalid_argument("username", gettext("Write a name of 1 to 64 characters."), Reason.SAID)
    _check_role(role)
    try:
        with transaction.atomic():
            shown = display_name.strip()[:_LONGEST_NAME]
            user = User.objects.create(username=name, display_name=shown, role=role, password=make_password(None))
            audit.record(
                actor=by, action=AuditAction.ADD_USER, target=name, detail={"role": str(role)}, address=address
            )
            return _issue_token(user)
    except IntegrityError as error:
        message = gettext("%(name)s exists already; reset it instead.") % {"name": name}
        raise invalid_argument("username", message, Reason.SAID) from error


def reset_user(username: str, *, by: Actor = "system", address: str = "") -> str:
    """Make the person's password and open sessions worthless and return a one-time sign-in token."""
    with transaction.atomic():
        user = _locked(username)
        user.set_unusable_password()
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
        limits.clear(limits.account(user.username))
        audit.record(actor=by, action=AuditAction.RESET_USER, target=user.username, address=address)
        return _issue_token(user)


def change_role(username: str, role: str, *, by: Actor = "system", address: str = "") -> None:
    """Give a person another role; refused for the last active owner."""
    _check_role(role)
    with transaction.atomic():
        user = _locked(username, stays_owner=role == Role.OWNER)
        if user.role == role:
            return
        detail = {"role": [user.role, str(role)]}
        user.role = role
        user.save(update_fields=["role"])
        audit.record(actor=by, action=AuditAction.CHANGE_ROLE, target=user.username, detail=detail, address=address)


def deactivate_user(username: str, *, by: Actor = "system", address: str = "") -> None:
    """Let a person in no more: open sessions and unused links end. Refused for the last active owner."""
    with transaction.atomic():
        user = _locked(username, stays_owner=False)
        if not user.is_active:
            return
        user.is_active = False
        user.save(update_fields=["is_active"])
        OneTimeLogin.objects.filter(user=user, used_at=None).delete()
        audit.record(actor=by, action=AuditAction.DEACTIVATE_USER, target=user.username, address=address)


def activate_user(username: str, *, by: Actor = "system", address: str = "") -> None:
    """Let a person in again, with the password and role as they were."""
    with transaction.atomic():
        user = _locked(username)
        if user.is_active:
            return
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(actor=by, action=AuditAction.ACTIVATE_USER, target=user.username, address=address)


def remove_user(username: str, *, by: Actor = "system", address: str = "") -> None:
    """Take a person off the team; what they did stays in the audit. Refused for the last active owner."""
    with transaction.atomic():
        user = _locked(username, stays_owner=False)
        audit.record(
            actor=by, action=AuditAction.REMOVE_USER, target=user.username, detail={"role": user.role}, address=address
        )
        user.delete()


def sign_in(username: str, password: str, *, address: str, proxy: str = "") -> User:
    """The user whose name and password these are; raises ``SignInRefused`` or ``limits.AttemptsSpent``.

    ``proxy`` is the peer that named ``address``; what it may name is limited too.
    """
    name = fold(username)
    spending = (limits.account(name), limits.address(address), *([limits.peer(proxy)] if proxy else []))
    limits.spend_attempt(spending, timezone.now())
    user = User.objects.filter(username=name, is_active=True).first()
    if not _password_fits(user, password) or user is None:
        # A name nobody has may be a password typed into the wrong field.
        known = name if User.objects.filter(username=name).exists() else ""
        audit.record(actor="system", action=AuditAction.SIGN_IN_FAILED, target=known, address=address)
        raise SignInRefused
    limits.clear(spending[0])
    limits.give_back(spending[1:])
    audit.record(actor=user, action=AuditAction.SIGN_IN, detail={"by": "password"}, address=address)
    return user


def sign_in_once(token: str, *, address: str = "") -> User:
    """The user of a one-time token, which is used up by this call; raises ``SignInRefused``."""
    now = timezone.now()
    digest = _digest(token)
    # A condition on the user as a join would be looked at once, before waiting for a parallel sign-in.
    active = User.objects.filter(is_active=True)
    unused = OneTimeLogin.objects.filter(token_sha256=digest, used_at=None, expires_at__gt=now, user__in=active)
    used = unused.update(used_at=now)
    if used != 1:
        raise SignInRefused
    user = OneTimeLogin.objects.select_related("user").get(token_sha256=digest).user
    limits.clear(limits.account(user.username))
    audit.record(actor=user, action=AuditAction.SIGN_IN, detail={"by": "link"}, address=address)
    return user


def change_password(user: User, *, current: str, new: str, address: str = "") -> None:
    """Set a new password. One who has none yet (a first sign-in, a reset) need not name the current one."""
    if user.has_usable_password() and not check_password(current[:_LONGEST_PASSWORD], user.password):
        raise invalid_argument("current", gettext("The current password is not right."), Reason.SAID)
    if len(new) > _LONGEST_PASSWORD:
        raise invalid_argument("new", gettext("A password has at most 1,024 characters."), Reason.SAID)
    try:
        validate_password(new, user)
    except ValidationError as error:
        words = " ".join(_password_words(each) for each in error.error_list)
        raise invalid_argument("new", words, Reason.SAID) from error
    user.password = make_password(new)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit.record(actor=user, action=AuditAction.CHANGE_PASSWORD, address=address)


def choose_language(user: User, language: str) -> None:
    """Remember the language of the person's pages."""
    if language not in Language.values:
        raise invalid_argument("language", f"language={language!r} is not offered.", Reason.NOT_A_CHOICE)
    User.objects.filter(pk=user.pk).update(language=language)


def choose_theme(user: User, theme: str) -> None:
    """Remember whether the person's pages are light or dark."""
    if theme not in Theme.values:
        raise invalid_argument("theme", f"theme={theme!r} is not offered.", Reason.NOT_A_CHOICE)
    User.objects.filter(pk=user.pk).update(theme=theme)


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise invalid_argument(
            "role", f"role={role!r} is not known; use one of {', '.join(Role.values)}.", Reason.NOT_A_CHOICE
        )


def _locked(username: str, *, stays_owner: bool = True) -> User:
    """The person, locked until the transaction ends; refuses to take the last active owner away.

    All active owners are locked with them, in one order: of two owners who remove each other at once,
    the second waits and then finds itself alone.
    """
    name = fold(username)
    wanted = Q(username=name) if stays_owner else Q(username=name) | Q(role=Role.OWNER, is_active=True)
    found = list(User.objects.select_for_update().filter(wanted).order_by("pk"))
    user = next((each for each in found if each.username == name), None)
    if user is None:
        raise _unknown(username)
    others = [each for each in found if each.pk != user.pk]
    if not stays_owner and user.role == Role.OWNER and user.is_active and not others:
        message = gettext("%(name)s is the last owner who can sign in; make somebody else an owner first.")
        raise invalid_argument("username", message % {"name": user.username}, Reason.SAID)
    return user


def _password_words(error: ValidationError) -> str:
    """Why a password is not good enough, in the language of the page."""
    words = {
        "password_too_similar": gettext("The password is too much like your name."),
        "password_too_short": gettext("A password has at least 10 characters."),
        "password_too_common": gettext("This password is used too often by others."),
    }
    return words.get(error.code or "") or " ".join(error.messages)


def _password_fits(user: User | None, password: str) -> bool:
    """Whether the password is the user's; the work is the same when there is no such user."""
    if user is None or not user.has_usable_password():
        make_password(password[:_LONGEST_PASSWORD])
        return False
    return check_password(password[:_LONGEST_PASSWORD], user.password)


def _issue_token(user: User) -> str:
    """A new token; earlier ones that were never used stop working."""
    token = secrets.token_urlsafe(32)
    OneTimeLogin.objects.filter(user=user, used_at=None).delete()
    OneTimeLogin.objects.create(user=user, token_sha256=_digest(token), expires_at=timezone.now() + TOKEN_LIFE)
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _unknown(username: str) -> WotuError:
    message = gettext("%(name)s does not exist; add it first.") % {"name": username}
    return invalid_argument("username", message, Reason.SAID)
