"""Everything that changes saved questions, dashboards, share links and annotations. Each change is in the audit."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext

from wotu.accounts import audit
from wotu.accounts.choices import AuditAction
from wotu.accounts.models import User
from wotu.boards.models import Annotation, Card, Dashboard, SavedQuestion, ShareLink
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.workspace.questions import Questions

MOST_CARDS = 40
LONGEST_NAME, LONGEST_NOTE = 120, 200
LIFETIMES = {days: timedelta(days=days) for days in (1, 7, 30, 90, 365)}
_LARGEST_PARAMETERS = 20_000


def save_question(name: str, question: str, parameters: Mapping[str, Any], *, by: User, address: str = "") -> int:
    """Keep a question under a name; its number."""
    given = {"name": _named(name), "question": _question(question), "parameters": _parameters(parameters)}
    now = timezone.now()
    with transaction.atomic():
        saved = SavedQuestion.objects.create(**given, created_by=by, created_at=now, changed_at=now)
        _record(by, AuditAction.SAVE_QUESTION, saved.pk, address, name=saved.name, question=question)
    return saved.pk


def change_question(
    number: int, *, name: str | None = None, parameters: Mapping[str, Any] | None = None, by: User, address: str = ""
) -> None:
    """Give a saved question another name, other parameters, or both; dashboards show it as it is from now on."""
    changes: dict[str, Any] = {"changed_at": timezone.now()}
    if name is not None:
        changes["name"] = _named(name)
    if parameters is not None:
        changes["parameters"] = _parameters(parameters)
    with transaction.atomic():
        _one_of(SavedQuestion.objects.filter(pk=number).update(**changes))
        _record(by, AuditAction.SAVE_QUESTION, number, address, **({"name": changes["name"]} if name else {}))


def delete_question(number: int, *, by: User, address: str = "") -> None:
    """Delete a saved question, and take it off every dashboard."""
    with transaction.atomic():
        _one_of(SavedQuestion.objects.filter(pk=number).delete()[0])
        _record(by, AuditAction.DELETE_QUESTION, number, address)


def make_dashboard(name: str, *, by: User, address: str = "") -> int:
    """A dashboard without cards; its number."""
    with transaction.atomic():
        made = Dashboard.objects.create(name=_named(name), created_by=by, created_at=timezone.now())
        _record(by, AuditAction.EDIT_DASHBOARD, made.pk, address, name=made.name)
    return made.pk


def rename_dashboard(number: int, name: str, *, by: User, address: str = "") -> None:
    """Give a dashboard another name."""
    wanted = _named(name)
    with transaction.atomic():
        _one_of(Dashboard.objects.filter(pk=number).update(name=wanted))
        _record(by, AuditAction.EDIT_DASHBOARD, number, address, name=wanted)


def delete_dashboard(number: int, *, by: User, address: str = "") -> None:
    """Delete a dashboard with its links; saved questions stay."""
    with transaction.atomic():
        _one_of(Dashboard.objects.filter(pk=number).delete()[0])
        _record(by, AuditAction.DELETE_DASHBOARD, number, address)


def add_card(dashboard: int, saved: int, *, by: User, address: str = "") -> None:
    """Put a saved question at the end of a dashboard; one that is on it already stays where it is."""
    with transaction.atomic():
        # Held until the end, so that two cards added at once have places of their own.
        board = Dashboard.objects.select_for_update().filter(pk=dashboard).first()
        if board is None or not SavedQuestion.objects.filter(pk=saved).exists():
            raise _gone()
        if board.cards.count() >= MOST_CARDS:
            message = gettext("A dashboard holds %(most)s cards; take one off first.") % {"most": MOST_CARDS}
            raise invalid_argument("saved", message, Reason.SAID)
        last = board.cards.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        Card.objects.get_or_create(dashboard=board, saved_id=saved, defaults={"position": position})
        _record(by, AuditAction.EDIT_DASHBOARD, dashboard, address, added=saved)


def remove_card(dashboard: int, saved: int, *, by: User, address: str = "") -> None:
    """Take a saved question off a dashboard."""
    with transaction.atomic():
        _one_of(Card.objects.filter(dashboard_id=dashboard, saved_id=saved).delete()[0])
        _record(by, AuditAction.EDIT_DASHBOARD, dashboard, address, removed=saved)


def arrange_cards(dashboard: int, order: Sequence[int], *, by: User, address: str = "") -> None:
    """Put the cards into the order of their saved questions; cards that are not named follow as they stood."""
    with transaction.atomic():
        if Dashboard.objects.select_for_update().filter(pk=dashboard).first() is None:
            raise _gone()
        cards = list(Card.objects.filter(dashboard_id=dashboard).order_by("position", "pk"))
        wanted = {saved: place for place, saved in enumerate(order)}
        cards.sort(key=lambda card: wanted.get(card.saved_id, len(wanted)))
        for position, card in enumerate(cards):
            card.position = position
        Card.objects.bulk_update(cards, ["position"])
        _record(by, AuditAction.EDIT_DASHBOARD, dashboard, address, order=[card.saved_id for card in cards])


def turn_card(dashboard: int, saved: int, *, by: User, address: str = "") -> None:
    """Make a card that is half a row wide a whole row wide, or the other way."""
    with transaction.atomic():
        _one_of(Card.objects.filter(dashboard_id=dashboard, saved_id=saved).update(wide=~F("wide")))
        _record(by, AuditAction.EDIT_DASHBOARD, dashboard, address, width=saved)


def move_card(dashboard: int, saved: int, places: int, *, by: User, address: str = "") -> None:
    """Move a card by so many places towards the end (negative: the start)."""
    order = list(
        Card.objects.filter(dashboard_id=dashboard).order_by("position", "pk").values_list("saved_id", flat=True)
    )
    if saved not in order:
        raise _gone()
    place = min(max(order.index(saved) + places, 0), len(order) - 1)
    order.remove(saved)
    order.insert(place, saved)
    arrange_cards(dashboard, order, by=by, address=address)


def share_dashboard(number: int, *, days: int = 30, by: User, address: str = "") -> str:
    """Make a link that lets anybody read the dashboard for ``days``; the token, told here and nowhere again."""
    if days not in LIFETIMES:
        raise invalid_argument("days", gettext("Choose one of the options."), Reason.SAID)
    token, now = secrets.token_urlsafe(24), timezone.now()
    with transaction.atomic():
        if not Dashboard.objects.filter(pk=number).exists():
            raise _gone()
        link = ShareLink.objects.create(
            dashboard_id=number, token_sha256=digest(token), created_by=by, created_at=now,
            expires_at=now + LIFETIMES[days],
        )  # fmt: skip
        _record(by, AuditAction.SHARE_DASHBOARD, number, address, link=link.pk, days=days)
    return token


def revoke_link(link: int, *, by: User, address: str = "") -> None:
    """End a link now."""
    with transaction.atomic():
        _one_of(ShareLink.objects.filter(pk=link, revoked_at=None).update(revoked_at=timezone.now()))
        dashboard = ShareLink.objects.values_list("dashboard_id", flat=True).get(pk=link)
        _record(by, AuditAction.REVOKE_LINK, dashboard, address, link=link)


def annotate(day: date, text: str, *, by: User, address: str = "") -> int:
    """Note what happened on a day; the number of the note."""
    wanted = text.strip()
    if not 0 < len(wanted) <= LONGEST_NOTE:
        raise invalid_argument("text", gettext("Write 1 to 200 characters."), Reason.SAID)
    with transaction.atomic():
        note = Annotation.objects.create(day=day, text=wanted, created_by=by, created_at=timezone.now())
        _record(by, AuditAction.ANNOTATE, note.pk, address, day=day.isoformat())
    return note.pk


def delete_annotation(number: int, *, by: User, address: str = "") -> None:
    """Delete a note."""
    with transaction.atomic():
        _one_of(Annotation.objects.filter(pk=number).delete()[0])
        _record(by, AuditAction.DELETE_ANNOTATION, number, address)


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _named(name: str) -> str:
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= LONGEST_NAME:
        raise invalid_argument("name", gettext("Write a name of 1 to 120 characters."), Reason.SAID)
    return wanted


def _question(question: str) -> str:
    known = sorted(name for name in vars(Questions) if not name.startswith("_"))
    if question not in known:
        raise invalid_argument(
            "question", f"question={question!r} is not known; use one of {', '.join(known)}.", Reason.NOT_A_CHOICE
        )
    return question


def _parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    if len(msgspec.json.encode(parameters)) > _LARGEST_PARAMETERS:
        raise invalid_argument("parameters", gettext("The question is too long to be saved."), Reason.SAID)
    return dict(parameters)


def _one_of(changed: int) -> None:
    if not changed:
        raise _gone()


def _gone() -> WotuError:
    return WotuError(
        ErrorCode.NOT_FOUND, gettext("This is not there any more; somebody may have deleted it."), reason=Reason.SAID
    )


def _record(by: User, action: AuditAction, number: int, address: str, **detail: Any) -> None:
    audit.record(actor=by, action=action, target=str(number), detail=detail, address=address)
