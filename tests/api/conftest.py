from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.console.site import configure

configure()

from django.conf import LazySettings  # noqa: E402
from django.test import Client  # noqa: E402
from tests.console import real  # noqa: E402

import wotu  # noqa: E402
from wotu.accounts.key_services import create_key  # noqa: E402
from wotu.answers import kept  # noqa: E402
from wotu.api import callers  # noqa: E402
from wotu.api.rates import Rates  # noqa: E402
from wotu.core.layout import Layout  # noqa: E402
from wotu.core.settings import Settings  # noqa: E402


class Api:
    """Calls addresses under ``/api/v1/`` with a key; bodies and answers are JSON."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._client = Client(SERVER_NAME="127.0.0.1")

    def __call__(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        given = {"authorization": f"Bearer {self.key}"} if self.key else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        return self._client.generic(method, f"/api/v1/{address}", headers=given, **_packed(content))

    def get(self, address: str, **headers: str) -> Any:
        response = self("GET", address, **headers)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, address: str, body: Any, *, status: int = 200, **headers: str) -> Any:
        response = self("POST", address, body, **headers)
        assert response.status_code == status, response.content
        return response.json()


def _packed(content: dict[str, Any]) -> dict[str, Any]:
    import msgspec

    if "data" in content and not isinstance(content["data"], bytes):
        content["data"] = msgspec.json.encode(content["data"])
    return content


def refused(response: Any, status: int, code: str, field: str | None = None) -> str:
    """Checks a refusal's status, shape, code and field; its message."""
    assert response["Content-Type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "field"}
    assert (response.status_code, body["error"]["code"], body["error"]["field"]) == (status, code, field), body
    assert body["error"]["message"]
    return str(body["error"]["message"])


@pytest.fixture(autouse=True)
def _fresh_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "RATES", Rates())


def _use(space: Any, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Any:
    kept.workspace.cache_clear()
    monkeypatch.setattr(wotu, "open", lambda _path: space)
    settings.WOTU_WORKSPACE = space.path
    settings.WOTU_SETTINGS = space.settings
    return space


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace with 40 customers that no test changes."""
    return real.make(tmp_path_factory.mktemp("api") / "workspace")


@pytest.fixture
def shop(made: Any, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, db: None) -> Iterator[Any]:
    """The workspace with 40 customers, served."""
    yield _use(made, monkeypatch, settings)
    kept.workspace.cache_clear()


def fill(folder: Path) -> None:
    """Two customers: one with an order, one with a page viewed."""
    Layout(folder).prepare(Settings(timezone="Asia/Shanghai", currency="CNY", questions_until="data"))
    order = {"order_id": "1", "revenue": "9.50"}
    wotu.open(str(folder)).collect(
        [
            {"type": "identify", "userId": "ann", "messageId": "i1", "timestamp": "2026-01-04",
             "traits": {"name": "Ann", "phone": "13800000001", "office_phone": "13700000003", "city": "上海"}},
            {"event": "Order Completed", "userId": "ann", "messageId": "o1", "timestamp": "2026-01-05",
             "properties": order},
            {"event": "Product Viewed", "userId": "bob", "messageId": "v1", "timestamp": "2026-01-06",
             "properties": {"product_id": "p1", "note": "call 13900000002"}},
        ]
    )  # fmt: skip


@pytest.fixture
def space(
    copy_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, settings: LazySettings, db: None
) -> Iterator[Any]:
    """A workspace of its own with two customers, served."""
    yield _use(copy_of(fill), monkeypatch, settings)
    kept.workspace.cache_clear()


@pytest.fixture
def as_role(db: None) -> Callable[..., Api]:
    """A program with a new key of a role."""

    def enter(role: str = "owner") -> Api:
        return Api(create_key(kind="api", role=role, name=role).text)

    return enter
