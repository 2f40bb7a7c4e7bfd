"""Programs of ours load no pandas; whoever uses Arrow beside them can still use it."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from wotu.core.without_pandas import leave_pandas_out
leave_pandas_out()
import pyarrow as pa
table = pa.table({"a": pa.array([1, None]), "b": ["x", None]})
assert "pandas" not in sys.modules
import pandas
frame = table.to_pandas()
assert pa.table(frame.astype({"a": "Int64"})).to_pydict() == table.to_pydict()
"""


def test_arrow_finds_no_pandas_until_somebody_imports_it() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], check=True)
