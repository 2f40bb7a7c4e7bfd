"""Messages become rows of record, once."""
