"""The command line: every verb of the contract; starts without Django."""
