"""The settler's process: what it begins it waits for, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from unittest import mock

import pytest

from wotu.settle import daemon
from wotu.settle.telling import Teller
from wotu.workspace import Workspace


def test_no_compaction_of_the_lake_outlives_its_settler(make_workspace: Callable[..., Workspace]) -> None:
    """It would overwrite what the next settler commits meanwhile."""
    layout = make_workspace().layout
    with (
        mock.patch.object(daemon, "Chores") as chores,
        mock.patch.object(daemon.Settler, "read", side_effect=ValueError("no")),
        pytest.raises(ValueError, match="no"),
    ):
        daemon._run(layout, Teller(layout), threading.Event())
    chores.return_value.wait.assert_called_once_with()
