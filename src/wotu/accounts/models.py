"""Tables of the team: users, one-time sign-in links, and the allowance of sign-in attempts."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from wotu.accounts.choices import Language, Role, Theme


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
