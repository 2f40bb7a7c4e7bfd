"""Signing in by password: what it costs to guess, and what a refusal tells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from wotu.accounts import limits, services
from wotu.accounts.models import AttemptAllowance, User

PASSWORD = "three quiet rivers"


@pytest.fixture
def ann(db: None) -> User:
    services.add_user("ann")
    user = User.objects.get()
    services.change_password(user, current="", new=PASSWORD)
    return user


def _post(client: Client, username: str = "ann", password: str = PASSWORD, **headers: str) -> int:
    data = {"username": username, "password": password}
    return client.post("/sign-in/", data, headers={"accept-language": "en"} | headers).status_code


def test_the_right_password_signs_in_and_the_session_gets_a_new_key(ann: User, client: Client) -> None:
    client.get("/sign-in/")
    planted = client.session
    planted["mark"] = 1
    planted.save()

    response = client.post("/sign-in/", {"username": "Ann", "password": PASSWORD})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session.session_key != planted.session_key
    cookie = response.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_refusal_is_the_same_for_an_unknown_name(ann: User, client: Client) -> None:
    texts = []
    for name in ("ann", "nobody"):
        response = client.post("/sign-in/", {"username": name, "password": "no"}, headers={"accept-language": "en"})
        assert response.status_code == 401
        # What was typed comes back, so the two pages differ in the name alone (and the form's token).
        page = response.content.decode().replace(f'value="{name}"', 'value="NAME"')
        texts.append([line for line in page.splitlines() if "csrfmiddlewaretoken" not in line])
    assert texts[0] == texts[1]


def test_an_unknown_name_costs_a_hash_too(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = services.make_password
    monkeypatch.setattr(services, "make_password", lambda password: hashed.append(password) or real(password))

    with pytest.raises(services.SignInRefused):
        services.sign_in("nobody", "guess", address="192.0.2.1")

    assert hashed == ["guess"]


def test_the_sixth_failure_of_an_account_waits_and_changes_nothing(ann: User, client: Client) -> None:
    assert [_post(client, password="no") for _ in range(5)] == [401] * 5
    before = list(AttemptAllowance.objects.order_by("subject").values())

    # Even the right password waits, else the limit would tell when a guess was right.
    response = client.post("/sign-in/", {"username": "ann", "password": PASSWORD}, headers={"accept-language": "en"})

    assert response.status_code == 429
    assert "15 minutes" in response.content.decode()
    assert 0 < int(response["Retry-After"]) <= 900
    assert "sessionid" not in client.cookies
    assert list(AttemptAllowance.objects.order_by("subject").values()) == before


def test_a_name_that_does_not_exist_has_the_same_limit(db: None, client: Client) -> None:
    assert [_post(client, username="nobody", password="no") for _ in range(6)] == [401] * 5 + [429]


def test_an_address_has_its_own_limit(ann: User, client: Client) -> None:
    statuses = [_post(client, username=f"name{number}", password="no") for number in range(21)]
    assert statuses == [401] * 20 + [429]
    assert _post(Client(REMOTE_ADDR="192.0.2.9")) == 302


def test_a_proxy_on_this_machine_speaks_for_its_clients(ann: User, client: Client) -> None:
    for number in range(20):
        assert (
            _post(client, username=f"name{number}", password="no", **{"x-forwarded-for": "1.1.1.1, 192.0.2.1"}) == 401
        )
    assert _post(client, **{"x-forwarded-for": "192.0.2.1"}) == 429
    assert _post(client, **{"x-forwarded-for": "192.0.2.2"}) == 302


def test_a_forged_header_does_not_lift_the_limit(ann: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_PROXY", 25)
    statuses = [
        _post(client, username=f"name{number}", password="no", **{"x-forwarded-for": f"192.0.2.{number}"})
        for number in range(26)
    ]
    assert statuses == [401] * 25 + [429]


def test_only_this_machine_speaks_for_others(ann: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    statuses = [
        _post(client, username=f"name{number}", password="no", **{"x-forwarded-for": f"192.0.2.{number}"})
        for number in range(21)
    ]
    assert statuses == [401] * 20 + [429]
    said = client.get("/sign-in/", headers={"x-forwarded-proto": "https"})
    assert not said.cookies["csrftoken"]["secure"]


def test_the_window_ends(ann: User, client: Client) -> None:
    for _ in range(5):
        _post(client, password="no")
    AttemptAllowance.objects.update(window_started_at=timezone.now() - limits.WINDOW - timedelta(seconds=1))

    assert _post(client) == 302
    assert set(AttemptAllowance.objects.values_list("spent", flat=True)) == {0}


def test_a_success_forgives_the_failures_before_it(ann: User, client: Client) -> None:
    for _ in range(4):
        _post(client, password="no")
    assert _post(client) == 302
    assert [_post(Client(), password="no") for _ in range(5)] == [401] * 5


def test_an_inactive_person_is_refused(ann: User, client: Client) -> None:
    User.objects.update(is_active=False)
    assert _post(client) == 401


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_never_get_past_the_limit() -> None:
    subjects = (limits.account("ann"), limits.address("192.0.2.1"))

    def guess(_number: int) -> bool:
        try:
            limits.spend_attempt(subjects, timezone.now())
        except limits.AttemptsSpent:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(guess, range(24)))

    assert sum(allowed) == limits.PER_ACCOUNT
    assert dict(AttemptAllowance.objects.values_list("subject", "spent")) == {
        subject.key: limits.PER_ACCOUNT for subject in subjects
    }


def test_signing_out_takes_a_post(ann: User, client: Client) -> None:
    client.force_login(ann)
    assert client.get("/sign-out/").status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post("/sign-out/").status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_host(ann: User, client: Client, target: str) -> None:
    response = client.post("/sign-in/", {"username": "ann", "password": PASSWORD, "next": target})
    assert response["Location"] == "/"


def test_a_form_without_the_token_is_refused(ann: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/sign-in/", {"username": "ann", "password": PASSWORD})
    assert response.status_code == 403
    assert "sessionid" not in strict.cookies


def test_another_session_ends_with_a_new_password(ann: User) -> None:
    first, second = Client(), Client()
    assert (_post(first), _post(second)) == (302, 302)

    changed = first.post("/account/password/", {"current": PASSWORD, "new": "four loud mountains"})

    assert changed.status_code == 302
    assert first.get("/account/").status_code == 200
    assert second.get("/account/").status_code == 302


def test_after_the_first_password_comes_home(db: None, client: Client) -> None:
    services.add_user("ann")
    client.force_login(User.objects.get())
    assert client.post("/account/password/", {"new": PASSWORD})["Location"] == "/"
    again = client.post("/account/password/", {"current": PASSWORD, "new": "four loud mountains"})
    assert again["Location"] == "/account/?changed"


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "密码至少 10 个字符。"),
        ("1234567890", "这个密码太常见。"),
        ("annabella-annabella", "密码与你的名字太相似。"),
    ],
)
def test_a_weak_password_is_refused_in_the_language_of_the_page(
    db: None, client: Client, password: str, message: str
) -> None:
    services.add_user("annabella-annabell")
    client.force_login(User.objects.get())
    response = client.post("/account/password/", {"new": password}, headers={"accept-language": "zh-CN"})
    assert response.status_code == 422
    assert message in response.content.decode()
