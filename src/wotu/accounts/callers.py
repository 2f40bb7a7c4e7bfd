"""Who calls the API, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiCaller:
    """A program with an API key in force: ``id`` such as ``k7``, its name, and the role it has."""

    id: str
    name: str
    role: str
