"""What others may know of saved questions, dashboards, links and annotations, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from wotu.boards.models import Annotation, Card, Dashboard, SavedQuestion, ShareLink
from wotu.boards.services import digest

_MOST_NOTES = 200


@dataclass(frozen=True)
class Saved:
    """A saved question; ``dashboards`` is how many it is on."""

    id: int
    name: str
    question: str
    parameters: dict[str, Any]
    created_by: str
    changed_at: datetime
    dashboards: int = 0


@dataclass(frozen=True)
class Board:
    """A dashboard; ``cards`` is how many it has."""

    id: int
    name: str
    created_by: str
    created_at: datetime
    cards: int


@dataclass(frozen=True)
class BoardCard:
    """A card with its saved question."""

    saved: Saved
    wide: bool


@dataclass(frozen=True)
class Link:
    """A share link in force."""

    id: int
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Note:
    """An annotation."""

    id: int
    day: date
    text: str
    created_by: str


def saved_questions(*, search: str = "") -> tuple[Saved, ...]:
    """Every saved question, the one that was changed last first; those with ``search`` in their name."""
    rows = SavedQuestion.objects.filter(name__icontains=search) if search else SavedQuestion.objects.all()
    counted = rows.annotate(dashboards=Count("cards")).select_related("created_by").order_by("-changed_at", "-pk")
    return tuple(_saved(row, row.dashboards) for row in counted)


def saved_question(number: int) -> Saved | None:
    """One saved question; ``None`` when there is no such."""
    row = SavedQuestion.objects.select_related("created_by").filter(pk=number).first()
    return None if row is None else _saved(row, row.cards.count())


def dashboards() -> tuple[Board, ...]:
    """Every dashboard, by name."""
    return tuple(map(_board, _boards().order_by("name", "pk")))


def dashboard(number: int) -> Board | None:
    """One dashboard; ``None`` when there is no such."""
    row = _boards().filter(pk=number).first()
    return None if row is None else _board(row)


def cards(dashboard: int) -> tuple[BoardCard, ...]:
    """The cards of a dashboard in their order."""
    rows = Card.objects.filter(dashboard_id=dashboard).select_related("saved__created_by").order_by("position", "pk")
    return tuple(BoardCard(_saved(row.saved), row.wide) for row in rows)


def links(dashboard: int) -> tuple[Link, ...]:
    """The links to a dashboard that work now, the newest first."""
    rows = ShareLink.objects.filter(_works(), dashboard_id=dashboard).select_related("created_by").order_by("-pk")
    return tuple(Link(row.pk, _name(row.created_by), row.created_at, row.expires_at) for row in rows)


def shared_dashboard(token: str) -> Board | None:
    """The dashboard that a token opens; ``None`` when it opens none."""
    link = ShareLink.objects.filter(_works(), token_sha256=digest(token)).first()
    return None if link is None else dashboard(link.dashboard_id)


def notes(since: date | None = None, until: date | None = None) -> tuple[Note, ...]:
    """Notes on the days ``since ≤ day < until``, the latest day first; at most 200."""
    given = {"day__gte": since, "day__lt": until}
    rows = Annotation.objects.filter(**{name: value for name, value in given.items() if value is not None})
    latest = rows.select_related("created_by").order_by("-day", "-pk")[:_MOST_NOTES]
    return tuple(Note(row.pk, row.day, row.text, _name(row.created_by)) for row in latest)


def _boards() -> Any:
    return Dashboard.objects.annotate(number=Count("cards")).select_related("created_by")


def _works() -> Q:
    return Q(revoked_at=None, expires_at__gt=timezone.now())


def _board(row: Any) -> Board:
    return Board(row.pk, row.name, _name(row.created_by), row.created_at, row.number)


def _saved(row: SavedQuestion, dashboards: int = 0) -> Saved:
    return Saved(
        row.pk, row.name, row.question, row.parameters, _name(row.created_by), row.changed_at, dashboards
    )  # fmt: skip


def _name(person: Any) -> str:
    return str(person) if person is not None else ""
