"""The addresses, one file per subject."""
