"""Messages come in: from dicts, tables and files, through one contract, into the inbox or quarantine."""
