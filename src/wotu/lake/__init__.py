"""The table of record: one Delta table of messages; the only room that knows the table format."""
