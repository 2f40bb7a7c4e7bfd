"""Keeps pandas out of the processes of Wotu, which have no use for it."""

from __future__ import annotations

import sys


class _NoPandas:
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def leave_pandas_out() -> None:
    """Let Arrow find no pandas in this process: for programs of ours, never for a library in somebody's notebook.

    Arrow looks for pandas when it makes its first array, and imports it where it is installed: a third of a
    second and 40 MB in every process.
    """
    if "pandas" in sys.modules:
        return
    nowhere = _NoPandas()
    sys.meta_path.insert(0, nowhere)
    try:
        import pyarrow as pa

        pa.array([""])
    finally:
        sys.meta_path.remove(nowhere)
