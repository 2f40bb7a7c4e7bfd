"""Cash back for receipts: customers send photos of receipts, staff look at them, each receipt pays once."""
