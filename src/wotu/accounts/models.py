"""Tables of the team: users, one-time sign-in links, the allowance of sign-in attempts, keys, and the audit."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from wotu.accounts.choices import ActorKind, KeyKind, Language, Role, Theme


class User(AbstractBaseUser):
    """One person of the team. ``username`` is kept folded, so that ``Ann`` and ``ann`` are one name."""

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(max_length=16, choices=Language.choices, blank=True, default=Language.BROWSER)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_user_role_known"),
            models.CheckConstraint(condition=models.Q(theme__in=Theme.values), name="accounts_user_theme_known"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username


class OneTimeLogin(models.Model):
    """A sign-in link. Only the hash of its token is stored, so a copy of the table signs nobody in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="one_time_logins")
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"one-time login of {self.user_id}"


class AttemptAllowance(models.Model):
    """Sign-in attempts spent within the current window, by account or by address (both as hashes)."""

    subject = models.CharField(max_length=80, unique=True)
    window_started_at = models.DateTimeField()
    spent = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(spent__gte=0), name="accounts_allowance_not_negative")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.spent}"


class Key(models.Model):
    """A key of a program. Only the hash of its text is stored, so a copy of the table opens nothing.

    ``name`` is the source of a write key's messages. A key that was replaced has an ``expires_at``,
    until which both work.
    """

    kind = models.CharField(max_length=8, choices=KeyKind.choices)
    name = models.CharField(max_length=64)
    namespace = models.CharField(max_length=64, blank=True, default="")
    role = models.CharField(max_length=16, choices=Role.choices, blank=True, default="")
    sha256 = models.CharField(max_length=64, unique=True)
    messages_per_second = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    rotated_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="rotated_to")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=KeyKind.WRITE, role="") & ~models.Q(namespace="")
                | models.Q(kind=KeyKind.API, role__in=Role.values, namespace="", messages_per_second=None),
                name="accounts_key_is_of_its_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(messages_per_second=None) | models.Q(messages_per_second__gt=0),
                name="accounts_key_rate_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"k{self.pk} {self.name}"


class EntriesThatStay(models.QuerySet["AuditEntry"]):
    """Entries are added and read; nothing in the code can change or delete one."""

    def update(self, **_values: Any) -> NoReturn:
        raise TypeError("an audit entry is never changed")

    def delete(self) -> NoReturn:
        raise TypeError("an audit entry is never deleted")


class AuditEntry(models.Model):
    """Who did what, when, to what. Names are text: an entry outlives the person and the key."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=32)
    target = models.CharField(max_length=200, blank=True, default="")
    detail = models.JSONField(default=dict)
    address = models.CharField(max_length=64, blank=True, default="")

    objects = EntriesThatStay.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["actor", "id"], name="accounts_audit_by_actor"),
            models.Index(fields=["action", "id"], name="accounts_audit_by_action"),
            models.Index(fields=["at"], name="accounts_audit_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(actor_kind__in=ActorKind.values), name="accounts_audit_actor"),
            models.CheckConstraint(condition=~models.Q(action="") & ~models.Q(actor=""), name="accounts_audit_said"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.target}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("an audit entry is never changed")
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        raise TypeError("an audit entry is never deleted")
