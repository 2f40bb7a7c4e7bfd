"""The array types of kernels: one signature per kernel, whether an array is mapped read-only or not."""

from __future__ import annotations

from numba import types

READ = types.Array(types.int64, 1, "C", readonly=True)
READ32 = types.Array(types.int32, 1, "C", readonly=True)
MASK = types.Array(types.boolean, 1, "C", readonly=True)
SYMBOL = types.Array(types.uint16, 1, "C", readonly=True)
SETS = types.Array(types.uint64, 1, "C", readonly=True)
