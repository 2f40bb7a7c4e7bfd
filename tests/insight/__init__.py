"""Questions about behaviour."""
