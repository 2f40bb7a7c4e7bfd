"""A worker that has nothing to do with the data plane does not load it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LOADED = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
import django
django.setup()
from wotu.ledger.tasks import erased_customers
assert erased_customers() == frozenset()
print(sorted({"numba", "numpy", "pyarrow", "deltalake"} & set(sys.modules)))
"""


def test_the_tasks_of_all_rooms_are_loaded_without_the_arrays_of_the_data_plane(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADED], env={"WOTU_WORKSPACE": str(tmp_path), "PATH": ""}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "[]"
