"""Questions about behaviour: one question, one file, read top to bottom."""
