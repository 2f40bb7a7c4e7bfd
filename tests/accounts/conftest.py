from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.console.site import configure

configure()

from django.conf import LazySettings  # noqa: E402
from django.utils import translation  # noqa: E402


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page of another test leaves its language behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings) -> Path:
    """The workspace folder that keys and settings are written to."""
    settings.WOTU_WORKSPACE = tmp_path
    return tmp_path


@pytest.fixture
def snapshot(folder: Path) -> Callable[[], list[dict[str, Any]]]:
    """Reads the keys that the collector sees."""

    def read() -> list[dict[str, Any]]:
        content = json.loads((folder / "keys.json").read_bytes())
        assert content["version"] == 1
        return content["keys"]

    return read
