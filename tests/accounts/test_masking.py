"""Masks: what is left of an identifier, and that the rest is gone wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.accounts.masking import is_personal, mask, mask_text, mask_value


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13812345678", "138****5678"),
        ("phone", "+8613812345678", "138****5678"),
        ("phone", "+14155550123", "141****0123"),
        ("phone", "+15550100", "15****00"),
        ("phone", "55501", "****"),
        ("email", "ann.lee@example.com", "a***@example.com"),
        ("email", "a@b.cn", "a***@b.cn"),
        ("email", "nonsense", "no****se"),
        ("unionid", "oNHwxjgrzgL9H_A2pGLSMuME-X-Q", "oN****-Q"),
        ("member_no", "M0001234", "M0****34"),
        ("member_no", "M000123", "****"),
        ("user_id", "42", "****"),
        ("user_id", "", "****"),
    ],
)
def test_a_mask_shows_enough_to_recognise(kind: str, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann", "Ann"),
        ("13812345678", "138****5678"),
        ("call 138 1234 5678 today", "call 138****5678 today"),
        ("tel:+86-13812345678,", "tel:138****5678,"),
        ("+44 20 7946 0958", "442****0958"),
        ("write to ann.lee@example.com.", "write to a***@example.com."),
        ("ann@example.com;bo@example.org", "a***@example.com;b***@example.org"),
        ("/orders?mail=ann@example.com", "/***@example.com"),
        ("订单 20240101120000123456", "订单 20240101120000123456"),
        ("31.20", "31.20"),
        ("2017-12-31", "2017-12-31"),
    ],
)
def test_phones_and_addresses_are_found_in_text(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_an_identifier_of_the_customer_is_found_whatever_it_looks_like() -> None:
    known = ("42", "ticket-000017")
    assert mask_text("42", known) == "****"
    assert mask_text("42 pieces", known) == "42 pieces"
    assert mask_text("see ticket-000017!", known) == "see ti****17!"


def test_values_are_masked_in_lists_and_objects() -> None:
    given_value = {"to": ["ann@example.com", 13812345678], "backup_phone": "020-123", "note": "hello", "n": 3.0}
    assert mask_value("payload", given_value) == {
        "to": ["a***@example.com", "138****5678"],
        "backup_phone": "****",
        "note": "hello",
        "n": 3.0,
    }


@pytest.mark.parametrize(
    "name",
    ["phone", "Mobile", "backup_email", "e_mail", "wechat", "id_card", "手机号", "收货地址", "user_id", "userId", "ip"],
)
def test_some_names_are_personal(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name", ["city", "revenue", "recipe", "hotel", "channel", "membership", "shipping", "household_size"]
)
def test_other_names_are_not(name: str) -> None:
    assert not is_personal(name)


_KINDS = st.sampled_from(["phone", "email", "unionid", "user_id", "member_no"])


@given(_KINDS, st.text(min_size=0, max_size=40))
def test_what_is_hidden_is_at_least_four_characters(kind: str, value: str) -> None:
    """No mask of more than an e-mail's domain shows all but a few characters."""
    shown = mask(kind, value)
    assert "***" in shown
    visible = shown.replace("*", "")
    if kind != "email":
        assert len(visible) <= 7
        assert len(visible) <= max(len(value) - 4, 0)


_MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).filter(str.isascii)
_AROUND = st.text(st.characters(categories=["Zs", "Po"], exclude_characters="@"), max_size=5)


@given(_AROUND, _MOBILES, _AROUND)
def test_a_mobile_number_never_stays_in_a_text(before: str, mobile: str, after: str) -> None:
    assert mobile not in mask_text(f"{before} {mobile} {after}")
    assert mobile not in str(mask_value("note", [{"x": f"{before}:{mobile}"}]))
