"""Headers and cookies: what a page may load, and who may read it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import pytest
from django.test import Client
from tests.console.fake import FakeWorkspace

from wotu.site.logs import WithoutOneTimeLinks
from wotu.site.security import CHART_POLICY, PAGE_POLICY


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


def test_the_log_names_no_one_time_link() -> None:
    try:
        int("/sign-in/once/s3cr-et_token/")
    except ValueError:
        fault = sys.exc_info()
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Error: %s", ("/sign-in/once/s3cr/?a",), fault)
    text = WithoutOneTimeLinks().format(record)
    assert "s3cr" not in text
    assert text.startswith("Error: /sign-in/once/…/?a\n")


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
