"""Wires the rooms into one Django site; nobody imports this package but the command line."""
