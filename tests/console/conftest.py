from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.console.site import configure

configure()

from django.conf import LazySettings  # noqa: E402
from django.test import Client  # noqa: E402
from tests.console.fake import FakeWorkspace  # noqa: E402

import wotu  # noqa: E402
from wotu.accounts.models import User  # noqa: E402
from wotu.console import answers  # noqa: E402
from wotu.core.settings import Settings  # noqa: E402


@pytest.fixture
def open_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FakeWorkspace], FakeWorkspace]]:
    """Let the console read a given workspace."""

    def use(space: FakeWorkspace) -> FakeWorkspace:
        answers.workspace.cache_clear()
        monkeypatch.setattr(wotu, "open", lambda _path: space)
        return space

    yield use
    answers.workspace.cache_clear()


@pytest.fixture
def space(open_as: Callable[[FakeWorkspace], FakeWorkspace], tmp_path: Path, settings: LazySettings) -> FakeWorkspace:
    settings.WOTU_SETTINGS = Settings(timezone="America/New_York", currency="USD", questions_until="data", name="Demo")
    return open_as(FakeWorkspace(tmp_path))


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """A client signed in as a new person of a role, in a language."""

    def enter(role: str = "owner", language: str = "en") -> Client:
        user = User.objects.create(username=f"{role}-{language}", role=role)
        client = Client(headers={"accept-language": {"en": "en", "zh-hans": "zh-CN"}[language]})
        client.force_login(user)
        return client

    return enter
