"""What callers may not find out by asking; the console refuses the same."""

from __future__ import annotations

from wotu.accounts.probing import check_filter, check_filters, check_grouping

__all__ = ["check_filter", "check_filters", "check_grouping"]
