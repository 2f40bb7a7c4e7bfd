"""A one-time link: opening it is free, using it works exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from wotu.accounts import services
from wotu.accounts.models import OneTimeLogin, User


@pytest.mark.django_db
def test_opening_the_link_uses_nothing_up(client: Client) -> None:
    token = services.add_user("ann")

    for _ in range(3):
        assert client.get(f"/sign-in/once/{token}/").status_code == 200

    assert OneTimeLogin.objects.get().used_at is None
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_the_button_signs_in_once_and_offers_a_password(client: Client) -> None:
    token = services.add_user("ann")

    response = client.post(f"/sign-in/once/{token}/")

    assert (response.status_code, response["Location"]) == (302, "/account/password/")
    page = client.get("/account/password/", headers={"accept-language": "en"}).content.decode()
    assert 'name="current"' not in page
    assert client.post("/account/password/", {"new": "three quiet rivers"}).status_code == 302
    assert User.objects.get().has_usable_password()

    again = Client().post(f"/sign-in/once/{token}/")
    assert again.status_code == 410
    assert "sessionid" not in again.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["older than a day", "made up", "inactive"])
def test_a_worthless_link_signs_nobody_in(client: Client, case: str) -> None:
    token = services.add_user("ann")
    if case == "older than a day":
        OneTimeLogin.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if case == "inactive":
        User.objects.update(is_active=False)
    link = "made-up" if case == "made up" else token

    response = client.post(f"/sign-in/once/{link}/")

    assert response.status_code == 410
    assert "sessionid" not in client.cookies
    assert OneTimeLogin.objects.get().used_at is None


@pytest.mark.django_db(transaction=True)
def test_of_parallel_clients_one_gets_in() -> None:
    token = services.add_user("ann")

    def press(_number: int) -> int:
        try:
            return Client().post(f"/sign-in/once/{token}/").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(press, range(6)))

    assert statuses == [302, 410, 410, 410, 410, 410]
