"""What whoever opened a page may see of customers."""

from __future__ import annotations

from django.http import HttpRequest

from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may
from wotu.accounts.sight import Sight

__all__ = ["Sight", "sight_of"]


def sight_of(request: HttpRequest) -> Sight:
    """The sight of whoever is signed in."""
    member = signed_in(request.user)
    return Sight(may(member.role if member else None, Action.SEE_IDENTIFIERS))
