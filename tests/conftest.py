"""What all tests share: which control database, no network but loopback, and small workspaces."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.prepared import PostgresqlTemplate, SqliteTemplate

    from wotu.workspace import Workspace

Fill = Callable[[Path], object]

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
    # At once: a conftest below this one sets Django up when it is loaded, for SQLite if nobody said otherwise.
    if parser.parse_known_args(sys.argv[1:]).database == "postgresql":
        from tests.postgresql import use_postgresql

        use_postgresql()


def pytest_report_header(config: pytest.Config) -> str:
    return f"control database: {config.getoption('--database')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long runs belong to ``make soak``; here they are skipped, and say so.

    On PostgreSQL only tests that use the control database run: the others have run already, on SQLite. Slow ones that
    do not come first, so that at the end no process waits for another's.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None or _uses_the_database(item))
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
    fixtures = {"db", "transactional_db", "make_prepared"}
    return item.get_closest_marker("django_db") is not None or not fixtures.isdisjoint(
        getattr(item, "fixturenames", ())
    )


@pytest.fixture(autouse=True)
def _only_loopback(request: pytest.FixtureRequest) -> None:
    """No test reaches any address but this machine's own."""
    pytest_socket = pytest.importorskip("pytest_socket")
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _leaves_no_language() -> Iterator[None]:
    """A page leaves its language to the thread that answered; the next test begins with the default one."""
    yield
    if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
        from django.utils import translation

        translation.deactivate()


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


@pytest.fixture(scope="session")
def _template(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> SqliteTemplate | PostgresqlTemplate:
    from tests import prepared

    on_postgresql = pytestconfig.getoption("--database") == "postgresql"
    template = prepared.PostgresqlTemplate if on_postgresql else prepared.SqliteTemplate
    return template(tmp_path_factory.mktemp("prepared") / "workspace")


@pytest.fixture
def make_prepared(
    make_workspace: Callable[..., Workspace], _template: SqliteTemplate | PostgresqlTemplate
) -> Callable[..., Workspace]:
    """Makes workspaces like ``make_workspace``, each with an empty control database of the run's kind.

    It is for processes of a test's own (``tests.forked``): the test itself has the database of its fixture ``db``.
    """
    return partial(_template.workspace, make_workspace)


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fill], Path]:
    @cache
    def once(fill: Fill) -> Path:
        folder = tmp_path_factory.mktemp("filled") / "workspace"
        fill(folder)
        return folder

    return once


@pytest.fixture
def copy_of(tmp_path: Path, _filled: Callable[[Fill], Path]) -> Callable[[Fill], Workspace]:
    """Opens a copy of the workspace that a function fills: it is filled once a run, and a test changes its own copy."""
    from wotu.workspace import Workspace

    copies: list[Path] = []

    def copy(fill: Fill) -> Workspace:
        copies.append(tmp_path / f"copy-{len(copies)}")
        shutil.copytree(_filled(fill), copies[-1])
        return Workspace.open(copies[-1])

    return copy
