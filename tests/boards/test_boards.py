"""Saved questions, dashboards, links and notes: what a change does, what it refuses, what the audit tells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from wotu.accounts import audit
from wotu.accounts.models import User
from wotu.boards import reads, services
from wotu.boards.models import Annotation, Card, Dashboard, SavedQuestion, ShareLink
from wotu.core.errors import ErrorCode, WotuError

pytestmark = pytest.mark.django_db
TABLES: tuple[type[models.Model], ...] = (SavedQuestion, Dashboard, Card, ShareLink, Annotation)


def everything() -> list[Any]:
    return [list(table._default_manager.order_by("pk").values()) for table in TABLES] + [len(audit.entries().rows)]


def board(ann: User, cards: int = 3) -> tuple[int, list[int]]:
    number = services.make_dashboard("复购", by=ann)
    saved = [services.save_question(f"问题 {i}", "events", {"events": "Order Completed"}, by=ann) for i in range(cards)]
    for each in saved:
        services.add_card(number, each, by=ann)
    return number, saved


def order(number: int) -> list[int]:
    return [card.saved.id for card in reads.cards(number)]


def test_a_saved_question_is_kept_as_it_was_asked(ann: User) -> None:
    parameters = {"events": ["Order Completed", {"event": "加购", "where": "price > 3"}], "unit": "week"}
    number = services.save_question("  每周 下单 ", "events", parameters, by=ann)

    (saved,) = reads.saved_questions()
    assert (saved.id, saved.name, saved.question, saved.created_by) == (number, "每周 下单", "events", "ann")
    assert saved.parameters == parameters
    assert [entry.action for entry in audit.entries().rows][:1] == ["save_question"]

    services.change_question(number, name="下单", parameters={"events": "Order Completed"}, by=ann)
    changed = reads.saved_question(number)
    assert changed is not None
    assert (changed.name, changed.parameters) == ("下单", {"events": "Order Completed"})
    assert reads.saved_questions(search="单") == (changed,)
    assert reads.saved_questions(search="nothing") == ()


def test_cards_stand_in_the_order_they_are_put_in(ann: User) -> None:
    number, (a, b, c) = board(ann)
    assert order(number) == [a, b, c]
    services.add_card(number, a, by=ann)
    assert order(number) == [a, b, c]
    services.arrange_cards(number, [c, 999, a], by=ann)
    assert order(number) == [c, a, b]
    services.move_card(number, c, 1, by=ann)
    assert order(number) == [a, c, b]
    services.move_card(number, b, -9, by=ann)
    assert order(number) == [b, a, c]
    services.turn_card(number, a, by=ann)
    assert [card.wide for card in reads.cards(number)] == [False, True, False]
    services.remove_card(number, a, by=ann)
    assert order(number) == [b, c]
    services.delete_question(c, by=ann)
    assert order(number) == [b]
    assert [each.cards for each in reads.dashboards()] == [1]


def test_deleting_a_dashboard_leaves_its_questions(ann: User) -> None:
    number, saved = board(ann)
    services.share_dashboard(number, by=ann)
    services.delete_dashboard(number, by=ann)
    assert reads.dashboard(number) is None
    assert sorted(each.id for each in reads.saved_questions()) == saved
    assert not ShareLink.objects.exists()


def test_a_link_opens_one_dashboard_until_it_ends(ann: User) -> None:
    number, _ = board(ann)
    other = services.make_dashboard("另一个", by=ann)
    token = services.share_dashboard(number, days=7, by=ann)

    opened = reads.shared_dashboard(token)
    assert opened is not None
    assert opened.id == number
    assert reads.shared_dashboard(token + "x") is None
    assert token not in repr(everything()) + repr(audit.entries().rows)
    (link,) = reads.links(number)
    assert reads.links(other) == ()
    services.revoke_link(link.id, by=ann)
    assert reads.shared_dashboard(token) is None
    assert reads.links(number) == ()

    late = services.share_dashboard(number, days=1, by=ann)
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert reads.shared_dashboard(late) is None


def test_notes_stand_on_their_days(ann: User) -> None:
    first = services.annotate(date(2026, 6, 18), "  618 大促 ", by=ann)
    services.annotate(date(2026, 11, 11), "双十一", by=ann)
    assert [(note.day.isoformat(), note.text) for note in reads.notes()] == [
        ("2026-11-11", "双十一"), ("2026-06-18", "618 大促"),
    ]  # fmt: skip
    assert [note.id for note in reads.notes(date(2026, 6, 18), date(2026, 11, 11))] == [first]
    services.delete_annotation(first, by=ann)
    assert [note.text for note in reads.notes()] == ["双十一"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda ann, n, s: services.save_question(" ", "events", {}, by=ann), "name"),
        (lambda ann, n, s: services.save_question("x" * 121, "events", {}, by=ann), "name"),
        (lambda ann, n, s: services.save_question("x", "collect", {}, by=ann), "question"),
        (lambda ann, n, s: services.save_question("x", "events", {"events": "x" * 30_000}, by=ann), "parameters"),
        (lambda ann, n, s: services.change_question(s, name="", by=ann), "name"),
        (lambda ann, n, s: services.make_dashboard("", by=ann), "name"),
        (lambda ann, n, s: services.share_dashboard(n, days=2, by=ann), "days"),
        (lambda ann, n, s: services.annotate(date(2026, 1, 1), " ", by=ann), "text"),
        (lambda ann, n, s: services.annotate(date(2026, 1, 1), "长" * 201, by=ann), "text"),
    ],
)
def test_a_refusal_names_its_field_and_changes_nothing(ann: User, change: Any, field: str) -> None:
    number, (saved,) = board(ann, 1)
    before = everything()
    with pytest.raises(WotuError) as caught:
        change(ann, number, saved)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)
    assert everything() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda ann: services.change_question(9, name="x", by=ann),
        lambda ann: services.delete_question(9, by=ann),
        lambda ann: services.rename_dashboard(9, "x", by=ann),
        lambda ann: services.delete_dashboard(9, by=ann),
        lambda ann: services.add_card(9, 9, by=ann),
        lambda ann: services.remove_card(9, 9, by=ann),
        lambda ann: services.arrange_cards(9, [], by=ann),
        lambda ann: services.move_card(9, 9, 1, by=ann),
        lambda ann: services.turn_card(9, 9, by=ann),
        lambda ann: services.share_dashboard(9, by=ann),
        lambda ann: services.revoke_link(9, by=ann),
        lambda ann: services.delete_annotation(9, by=ann),
    ],
)
def test_what_is_gone_is_said_and_nothing_changes(ann: User, change: Any) -> None:
    before = everything()
    with pytest.raises(WotuError) as caught:
        change(ann)
    assert caught.value.code == ErrorCode.NOT_FOUND
    assert everything() == before


def test_a_full_dashboard_takes_no_more(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_CARDS", 3)
    number, _ = board(ann)
    more = services.save_question("more", "events", {"events": "Order Completed"}, by=ann)
    before = everything()
    with pytest.raises(WotuError) as caught:
        services.add_card(number, more, by=ann)
    assert caught.value.field == "saved"
    assert everything() == before
