"""Where a request comes from."""

from __future__ import annotations

from wotu.accounts.addresses import client_address

__all__ = ["client_address"]
