"""Every address refuses in the one shape: whoever calls, whatever is wrong, wherever the fault lies."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module
from inspect import ismodule
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from tests.api.addresses import ROUTES
from tests.api.conftest import Api, refused
from tests.api.shelf import shelf

from wotu.accounts.models import AuditEntry, User
from wotu.accounts.rules import Action, may
from wotu.answers import kept
from wotu.api import callers, routes
from wotu.api.application import api as application
from wotu.api.errors import STATUS, answer
from wotu.api.rates import Rates
from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.choices import UnitKind
from wotu.ledger.models import Account, Transfer
from wotu.ledger.rules import Cause
from wotu.ledger.services import grant, open_unit

# What no request of these addresses changes.
ASKED = ("questions/", "checkout/quote")
WRITES = [route for route in ROUTES if route[0] != "GET" and not route[1].startswith(ASKED)]
NAMES = {f"{method} {path}": (method, path) for method, path in ROUTES}
SELLING = (Action.RUN_CAMPAIGNS, Action.CHECKOUT, Action.APPROVE_BUDGETS)
each_route = pytest.mark.parametrize("route", ROUTES, ids=list(NAMES))
each_write = pytest.mark.parametrize("route", WRITES, ids=lambda route: f"{route[0]} {route[1]}")


def _send(api: Api, route: tuple[str, str], **headers: str) -> Any:
    address, body, _ = ROUTES[route]
    return api(route[0], _filled(address, {}), _filled(body, {}), **headers)


def _filled(text: Any, things: dict[str, str]) -> Any:
    """An address or body that names ``things``."""
    if isinstance(text, dict):
        return {name: _filled(value, things) for name, value in text.items()}
    if not isinstance(text, str):
        return text
    return re.sub(r"\{(\w+)\}", lambda found: things.get(found[1], "1"), text)


def _count_points() -> None:
    """A unit, and the transfer and the limit that addresses name."""
    open_unit("points", UnitKind.POINTS, "Points")
    open_unit("money:CNY", UnitKind.MONEY, "CNY")
    for customer in range(3):
        cause = Cause("tea", 1, "receipt", f"c{customer}", "cash-back")
        grant(cause, customer=customer, unit="money:CNY", amount=100, now=timezone.now())
    Transfer.objects.create(
        pk=1_000_000, programme="p", version=1, event="e", beneficiary="b", effect="f", at=timezone.now()
    )
    Account.objects.create(pk=1_000_000, unit_id="points", owner_kind="programme", owner=1, purpose="limit")


def test_every_route_of_the_description_is_walked() -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1/"))
        for path, found in application.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()
        for method in found
    }
    assert described == set(ROUTES)


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_is_answered_in_the_one_shape(code: ErrorCode) -> None:
    import json

    response = answer(WotuError(code, "Do this.", field="it"))
    assert response.status_code == STATUS[code]
    assert json.loads(response.content) == {"error": {"code": code, "message": "Do this.", "field": "it"}}


@each_route
def test_each_role_may_what_the_rules_say(space: Any, as_role: Callable[..., Api], route: tuple[str, str]) -> None:
    address, body, action = ROUTES[route]
    if address.startswith("facts/"):
        space.put_facts("products", [{"product_id": "p1"}])
    _count_points()
    things = shelf(space, "one") if action in SELLING or "{" in address else {}
    things["write"] = as_role("owner").post("keys", {"kind": "write"}, status=201)["id"]
    for role in ("viewer", "analyst", "marketer", "owner"):
        space.save_list("vip", ["c0"])
        api = as_role(role)
        seen = AuditEntry.objects.count()
        # Each role finds on the shelf what was put there.
        with transaction.atomic():
            response = api(route[0], _filled(address, things), _filled(body, things))
            if not may(role, action):
                assert role in refused(response, 403, "forbidden")
                assert AuditEntry.objects.count() == seen
            else:
                told = response.content
                assert response.status_code in (200, 201) or b"already" in told or b"split" in told, told
            transaction.set_rollback(True)


@each_route
@pytest.mark.parametrize("key", ["", "ak_" + "x" * 32, "nothing", "write"])
def test_nobody_is_let_in_without_a_key(
    shop: Any, as_role: Callable[..., Api], route: tuple[str, str], key: str
) -> None:
    if key == "write":
        key = as_role().post("keys", {"kind": "write"}, status=201)["key"]
    events = shop.generation_name()
    response = _send(Api(key), route)
    refused(response, 401, "unauthorized", "Authorization")
    assert response["WWW-Authenticate"] == 'Bearer realm="wotu"'
    assert shop.generation_name() == events


@each_route
def test_another_method_is_named(shop: Any, as_role: Callable[..., Api], route: tuple[str, str]) -> None:
    address = _filled(ROUTES[route][0], {})
    response = as_role()("PATCH", address)
    refused(response, 405, "method_not_allowed")
    assert route[0] in response["Allow"]


def _modules_of_routes() -> list[ModuleType]:
    return [import_module(f"wotu.api.routes.{each.name}") for each in iter_modules(routes.__path__)]


@each_route
def test_a_fault_of_ours_tells_nothing_of_the_inside(
    shop: Any, as_role: Callable[..., Api], route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("s3cret inside")

    api = as_role()
    for name in ("workspace", "ask", "found_exactly"):
        for module in ("customers", "identity", "consents", "lists", "questions", "stages", "facts", "messages",
                       "administration", "ledger", "member_pages"):  # fmt: skip
            monkeypatch.setattr(f"wotu.api.routes.{module}.{name}", burst, raising=False)
    for module in _modules_of_routes():
        for name, value in vars(module).items():
            if name == "timezone" or (getattr(value, "__name__", "").startswith("wotu.loyalty.") and ismodule(value)):
                monkeypatch.setattr(module, name, burst)
    for name in ("badges.programme", "mall.number_of"):
        monkeypatch.setattr(f"wotu.api.routes.{name}", burst)
    monkeypatch.setattr("wotu.api.code_attempts.workspace", burst)
    monkeypatch.setattr("wotu.api.asking.ask", burst)
    for name in ("wotu.accounts.reads.known_keys", "wotu.accounts.audit.entries", "wotu.accounts.key_services._save",
                 "wotu.collect.quarantine.Quarantine.latest", "wotu.core.fact_tables.TABLES",
                 "wotu.ledger.reads.units", "wotu.ledger.reads.transfer", "wotu.ledger.house_reads.limits",
                 "wotu.ledger.house_reads.limit_of", "wotu.ledger.house_reads.liability",
                 "wotu.ledger.house_reads.expiry_calendar", "wotu.ledger.proof_services.last_proof"):  # fmt: skip
        monkeypatch.setattr(name, burst)
    monkeypatch.setattr("wotu.api.routes.administration.read_settings", burst)
    message = refused(_send(api, route), 500, "internal_error")
    assert "s3cret" not in message


@each_write
@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b'"\\ud800"'])
def test_a_body_that_is_not_json_is_refused(
    shop: Any, as_role: Callable[..., Api], route: tuple[str, str], body: bytes
) -> None:
    if route[0] == "DELETE":
        return
    refused(as_role()(route[0], _filled(ROUTES[route][0], {}), body), 400, "bad_request", "body")


@each_write
def test_a_body_of_another_shape_is_named(shop: Any, as_role: Callable[..., Api], route: tuple[str, str]) -> None:
    address, body, _ = ROUTES[route]
    if body is None:
        return
    wrong = "text" if isinstance(body, list) else [1]
    response = as_role()(route[0], _filled(address, {}), wrong)
    assert response.status_code == 422, response.content
    assert response.json()["error"]["code"] == "invalid_argument"


@each_route
def test_too_many_requests_have_to_wait(
    shop: Any, as_role: Callable[..., Api], route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "RATES", Rates(1, 0, clock=lambda: 0.0))
    response = _send(as_role(), route)
    refused(response, 429, "rate_limited")
    assert response["Retry-After"] == "1"


def test_a_bucket_fills_again_and_callers_have_one_each() -> None:
    now = [0.0]
    rates = Rates(2, 3, clock=lambda: now[0])
    assert [rates.spend("a") for _ in range(4)] == [True, True, True, False]
    assert rates.spend("b")
    now[0] = 0.5
    assert [rates.spend("a") for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert [rates.spend("a") for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("address", ["", "nothing", "customers/", "customers/a/b/c", "../v2/customers", "facts/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_where_nothing_is_nothing_is_found(shop: Any, as_role: Callable[..., Api], method: str, address: str) -> None:
    refused(as_role()(method, address), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "address", "field"),
    [("GET", "facts/shoes", "table"), ("PUT", "facts/shoes", "table"), ("GET", "facts/products/none", "key"),
     ("PUT", "facts/costs/2026-01-05", "key"), ("DELETE", "keys/k999", "id"), ("POST", "keys/x/rotate", "id")],
)  # fmt: skip
def test_what_an_address_names_must_be_there(
    shop: Any, as_role: Callable[..., Api], method: str, address: str, field: str
) -> None:
    body = {"PUT": [] if "costs" not in address else {}, "POST": {}}.get(method)
    refused(as_role()(method, address, body), 404, "not_found", field)


def test_a_body_that_is_too_large_is_refused(space: Any, as_role: Callable[..., Api], settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    refused(as_role()("PUT", "facts/products", [{"product_id": "x" * 2_000}]), 413, "too_large")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
    settings.WOTU_SETTINGS = settings.WOTU_SETTINGS.__class__(largest_batch_bytes=100)
    refused(as_role()("POST", "messages", [{"event": "x" * 200, "userId": "a"}]), 413, "too_large")
    assert kept.workspace().facts("products").num_rows == 0


def test_a_wrong_host_is_refused_in_the_same_shape(space: Any, as_role: Callable[..., Api]) -> None:
    refused(as_role()("GET", "customers", host="example.org"), 400, "bad_request")


# ---- other ways in


def test_the_key_may_be_the_user_of_basic_authentication(space: Any, as_role: Callable[..., Api]) -> None:
    from base64 import b64encode

    packed = b64encode(f"{as_role().key}:whatever".encode()).decode()
    client = Client(SERVER_NAME="127.0.0.1")
    assert client.get("/api/v1/state", headers={"authorization": f"Basic {packed}"}).status_code == HTTPStatus.OK
    for wrong in ("Basic", "Basic %%%", "Basic " + b64encode(b"ak_x:").decode(), "Digest x"):
        refused(client.get("/api/v1/state", headers={"authorization": wrong}), 401, "unauthorized", "Authorization")


def test_a_session_may_read_and_with_its_token_write(space: Any, db: None) -> None:
    user = User.objects.create(username="mei", role="marketer")
    client = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    client.force_login(user)
    assert client.get("/api/v1/customers/ann").json()["name"] == "Ann"
    body = {"channel": "sms", "purpose": "marketing", "given": True}
    address = "/api/v1/customers/ann/consents"
    refused(client.post(address, body, content_type="application/json"), 403, "forbidden")
    assert space.consent("ann") == ()
    client.get("/api/v1/docs")
    token = client.cookies["csrftoken"].value
    told = client.post(address, body, content_type="application/json", headers={"x-csrftoken": token})
    assert [(each["channel"], each["given"], each["by"]) for each in told.json()["items"]] == [("sms", True, "mei")]
    (entry,) = AuditEntry.objects.filter(action="set_consent")
    assert (entry.actor_kind, entry.actor, entry.target) == ("user", "mei", space.customer("ann").customer_id)


def test_a_wrong_key_is_not_made_good_by_a_session(space: Any, db: None) -> None:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create(username="mei", role="owner"))
    response = client.get("/api/v1/state", headers={"authorization": "Bearer ak_wrong"})
    refused(response, 401, "unauthorized", "Authorization")
