"""Everything of value by double entry: accounts, transfers, lots, limits, holds, and the proof that they agree."""
