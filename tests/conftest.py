"""What all tests share: which control database, no network but loopback, and small workspaces."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from wotu.workspace import Workspace

# The machine may be busy: how long an example takes proves nothing.
hypothesis.settings.register_profile("wotu", deadline=None)
hypothesis.settings.load_profile("wotu")

SOAK = os.environ.get("WOTU_SOAK") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the control database of tests that need one (both are run by make test)",
    )
    parser.addoption(
        "--examples", type=int, default=0, help="at most so many examples a property test, to look at imports alone"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--database") == "postgresql":
        from tests.postgresql import use_postgresql

        use_postgresql()


def pytest_report_header(config: pytest.Config) -> str:
    return f"control database: {config.getoption('--database')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long runs belong to ``make soak``; here they are skipped, and say so.

    On PostgreSQL only tests that use the control database run: the others have run already, on SQLite.
    """
    if config.getoption("--database") == "postgresql":
        others = [item for item in items if not _uses_the_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_the_database(item)]
    if most := config.getoption("--examples"):
        _few_examples(items, most)
    for item in items:
        if item.get_closest_marker("soak") and not SOAK:
            item.add_marker(pytest.mark.skip(reason="long run: make soak"))


def _few_examples(items: list[pytest.Item], most: int) -> None:
    for item in items:
        test = getattr(item, "obj", None)
        if hasattr(test, "_hypothesis_state_machine_class"):
            item.cls.settings = hypothesis.settings(item.cls.settings, max_examples=most)  # type: ignore[attr-defined]
        elif hypothesis.is_hypothesis_test(test):
            # Hypothesis has no public way to change the settings that a test brings along.
            test._hypothesis_internal_use_settings = hypothesis.settings(
                test._hypothesis_internal_use_settings, max_examples=most
            )


def _uses_the_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(fixtures)


@pytest.fixture(autouse=True)
def _only_loopback(request: pytest.FixtureRequest) -> None:
    """No test reaches any address but this machine's own."""
    pytest_socket = pytest.importorskip("pytest_socket")
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """Makes workspaces with given settings, each in a folder of its own."""
    from wotu.core.layout import Layout
    from wotu.core.settings import Settings
    from wotu.workspace import Workspace

    made: list[Workspace] = []

    def make(**settings: object) -> Workspace:
        layout = Layout(tmp_path / f"workspace-{len(made)}")
        layout.prepare(Settings(**settings))  # type: ignore[arg-type]
        made.append(Workspace.open(layout.root))
        return made[-1]

    return make
