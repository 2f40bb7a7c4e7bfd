"""Numbers per customer."""
