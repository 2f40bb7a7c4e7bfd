"""Who is behind a number: customer ids that add over shards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wotu.core.customer_ids import customer_texts


@dataclass(frozen=True)
class Found:
    """Numbers of customers, in any order, some perhaps twice."""

    ids: npt.NDArray[np.int64]

    def __add__(self, other: Found) -> Found:
        return Found(np.concatenate([self.ids, other.ids]))

    def texts(self) -> list[str]:
        """Each customer once, as Wotu ids, oldest first."""
        return customer_texts(np.unique(self.ids).tolist())
