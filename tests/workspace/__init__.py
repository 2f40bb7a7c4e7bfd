"""The workspace as programs use it."""
