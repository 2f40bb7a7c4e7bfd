"""Finds the user of a session. It checks no password: that is the work of ``services``, which counts attempts."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend

from wotu.accounts.models import User


class SessionUser(BaseBackend):
    """The active user of a session, or nobody."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
