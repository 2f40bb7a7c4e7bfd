"""Headers and cookies: what a page may load, and who may read it."""

from __future__ import annotations

import json
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as site_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from tests.console.fake import FakeWorkspace

from wotu.console.pages.sign_in import client_address
from wotu.core.proxies import networks
from wotu.core.settings import Settings, write_settings
from wotu.site.security import CHART_POLICY, PAGE_POLICY, SecurityHeaders


@pytest.mark.parametrize(("address", "policy"), [("/", CHART_POLICY), ("/customers/", PAGE_POLICY)])
def test_every_page_has_a_strict_policy(
    space: FakeWorkspace, sign_in: Callable[..., Client], address: str, policy: str
) -> None:
    response = sign_in().get(address)

    assert response["Content-Security-Policy"] == policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_the_policies_allow_no_inline_code_and_no_other_host() -> None:
    for policy in (PAGE_POLICY, CHART_POLICY):
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "http" not in policy
    assert CHART_POLICY.replace(" 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", "") == PAGE_POLICY


def test_an_error_page_has_the_policy_too(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    assert sign_in().get("/nothing/")["Content-Security-Policy"] == PAGE_POLICY


def test_cookies_are_secure_over_https_only(db: None) -> None:
    plain = Client().get("/sign-in/")
    behind_proxy = Client().get("/sign-in/", headers={"x-forwarded-proto": "https"})

    assert not plain.cookies["csrftoken"]["secure"]
    assert behind_proxy.cookies["csrftoken"]["secure"]
    assert behind_proxy.cookies["csrftoken"]["httponly"]
    assert "Strict-Transport-Security" in behind_proxy
    assert "Strict-Transport-Security" not in plain


def test_the_log_names_nobody_and_no_link(capfd: pytest.CaptureFixture[str]) -> None:
    """What Django logs of a failed request: its path, its query, its traceback."""
    logging.config.dictConfig(site_settings.LOGGING)
    try:
        int("/sign-in/once/s3cr-et_token/ of ann@example.com")
    except ValueError:
        logging.getLogger("django.request").exception("Error: %s", "/sign-in/once/s3cr/?next=/customers/")
    (line,) = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["logger"], told["message"]) == ("django.request", "Error: /sign-in/once/…/?…")
    assert "ValueError" in told["error"]
    for secret in ("s3cr", "ann", "next="):
        assert secret not in line


PROXY = {"REMOTE_ADDR": "10.1.2.3"}


@pytest.mark.parametrize(("trusted", "secure"), [((), False), (("10.0.0.0/8",), True), (("10.9.0.0/16",), False)])
def test_a_proxy_elsewhere_counts_when_it_is_trusted(
    db: None, settings: LazySettings, trusted: tuple[str, ...], secure: bool
) -> None:
    settings.WOTU_TRUSTED_PROXIES = networks(trusted)
    page = Client(**PROXY).get("/sign-in/", headers={"x-forwarded-proto": "https"})
    assert bool(page.cookies["csrftoken"]["secure"]) is secure


@pytest.mark.parametrize(
    ("trusted", "counted"),
    [
        ((), ("10.1.2.3", "")),
        (("10.0.0.0/8",), ("203.0.113.9", "10.1.2.3")),
        (("10.0.0.0/8", "203.0.113.0/24"), ("198.51.100.7", "10.1.2.3")),
    ],
)
def test_attempts_are_counted_for_the_rightmost_address_nobody_trusts(
    settings: LazySettings, rf: RequestFactory, trusted: tuple[str, ...], counted: tuple[str, str]
) -> None:
    settings.WOTU_TRUSTED_PROXIES = networks(trusted)
    request = rf.get("/sign-in/", headers={"x-forwarded-for": "198.51.100.7, 203.0.113.9, 10.4.4.4"}, **PROXY)
    found: list[tuple[str, str]] = []
    SecurityHeaders(lambda request: found.append(client_address(request)) or HttpResponse())(request)  # type: ignore[arg-type]
    assert found == [counted]


@pytest.mark.parametrize(("origins", "status"), [([], 403), (["https://localhost:8443"], 302)])
def test_forms_of_another_port_need_their_origin_named(
    db: None, settings: LazySettings, origins: list[str], status: int
) -> None:
    """A proxy that serves the console under a port of its own."""
    settings.CSRF_TRUSTED_ORIGINS = origins
    client = Client(enforce_csrf_checks=True)
    token = client.get("/sign-in/").cookies["csrftoken"].value
    sent = {"language": "en", "csrfmiddlewaretoken": token}
    headers = {"origin": "https://localhost:8443", "host": "localhost"}
    assert client.post("/language/", sent, headers=headers).status_code == status


def test_the_settings_of_the_workspace_reach_the_site(tmp_path: Path) -> None:
    write_settings(
        tmp_path / "wotu.toml",
        Settings(
            allowed_hosts=("a.example",), csrf_origins=("https://b.example:8443",), trusted_proxies=("10.0.0.0/8",)
        ),
    )
    code = (
        "from wotu.site import settings as s;"
        "print(s.CSRF_TRUSTED_ORIGINS, [str(n) for n in s.WOTU_TRUSTED_PROXIES], sep='|')"
    )
    environment = {**os.environ, "WOTU_WORKSPACE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['https://a.example', 'https://b.example:8443']|['10.0.0.0/8']"


def test_another_host_name_is_refused(db: None, capfd: pytest.CaptureFixture[str]) -> None:
    assert Client().get("/sign-in/", headers={"host": "example.org"}).status_code == 400
    assert "example.org" not in capfd.readouterr().err


def test_language_and_theme_are_kept_for_the_person_and_the_browser(
    space: FakeWorkspace, sign_in: Callable[..., Client]
) -> None:
    client = sign_in()

    client.post("/language/", {"language": "zh-hans", "next": "/customers/"})
    there = client.post("/theme/", {"theme": "dark", "next": "/customers/"})

    assert there["Location"] == "/customers/"
    page = client.get("/customers/").content.decode()
    assert '<html lang="zh-Hans" data-theme="dark"' in page


@pytest.mark.parametrize(("address", "data"), [("/theme/", {"theme": "neon"}), ("/language/", {"language": "xx"})])
def test_an_unknown_choice_changes_nothing(
    space: FakeWorkspace, sign_in: Callable[..., Client], address: str, data: dict[str, str]
) -> None:
    client = sign_in()
    response = client.post(address, data)
    assert response.status_code == 400
    assert set(response.cookies) <= {"csrftoken"}


def test_a_form_never_leads_to_another_host(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    assert sign_in().post("/theme/", {"theme": "dark", "next": "//example.org/"})["Location"] == "/"
