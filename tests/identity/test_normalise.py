"""Every usual writing of a phone number or e-mail is one identifier, rubbish is none."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.identity.normalise import identifier_keys, normalise


def one(kind: str, text: str) -> str | None:
    result: str | None = normalise(kind, pa.array([text], pa.string()))[0].as_py()
    return result


@pytest.mark.parametrize(
    "written",
    [
        "13812345678", "138-1234-5678", "138 1234 5678", " 13812345678 ", "+8613812345678", "+86 138 1234 5678",
        "+86-138-1234-5678", "(+86)13812345678", "(86)138-1234-5678", "0086 138 1234 5678", "008613812345678",
        "8613812345678", "86 138 1234 5678", "013812345678", "１３８１２３４５６７８", "＋８６　１３８１２３４５６７８",
        "138－1234－5678", "（＋86）138.1234.5678", "138\u00a01234\u00a05678", "\t13812345678\n",
        "\u202d13812345678\u202c",
        "+86 013812345678",
    ],
)  # fmt: skip
def test_a_chinese_mobile_number_has_one_writing(written: str) -> None:
    assert one("phone", written) == "+8613812345678"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("010-12345678", "01012345678"),
        ("(0755) 8888 6666", "075588886666"),
        ("021/62345678", "02162345678"),
        ("+1 415 555 2671", "+14155552671"),
        ("001 415 555 2671", "+14155552671"),
        ("+852 9123 4567", "+85291234567"),
        ("95588", "95588"),
        ("400-810-8888", "4008108888"),
        ("12812345678", "12812345678"),
    ],
)
def test_other_numbers_stay_what_they_are(written: str, kept: str) -> None:
    assert one("phone", written) == kept


@pytest.mark.parametrize(
    "written", ["", " ", "无", "N/A", "0", "1234", "138****5678", "1" * 16, "138x12345678", "+", "王芳 13812345678"]
)
def test_rubbish_is_no_phone_number(written: str) -> None:
    assert one("phone", written) is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Wang.Fang@Example.CN", "wang.fang@example.cn"),
        ("  wang@example.cn\n", "wang@example.cn"),
        ("ｗａｎｇ＠ｅｘａｍｐｌｅ．ｃｎ", "wang@example.cn"),
        ("　wang@example.cn　", "wang@example.cn"),
        ("李@例子.cn", "李@例子.cn"),
        ("a+b@x.cn", "a+b@x.cn"),
    ],
)
def test_an_email_has_one_writing(written: str, kept: str) -> None:
    assert one("email", written) == kept


@pytest.mark.parametrize("written", ["", "wang", "@", "wang@", "@example.cn", "a@b@c", "a b@example.cn", "无"])
def test_rubbish_is_no_email(written: str) -> None:
    assert one("email", written) is None


@pytest.mark.parametrize("kind", ["user_id", "unionid", "openid", "external_userid", "member_no", "anonymous_id"])
def test_other_identifiers_keep_their_case_and_lose_blanks(kind: str) -> None:
    assert [one(kind, text) for text in (" oX_1 ", "张三", " ", "")] == ["oX_1", "张三", None, None]


@given(st.lists(st.sampled_from("+0123456789-() ８６．/"), max_size=18).map("".join))
def test_a_normal_phone_number_stays_as_it_is(written: str) -> None:
    first = one("phone", written)
    assert first is None or one("phone", first) == first


def test_nulls_stay_null_and_rows_stay_in_place() -> None:
    values = pa.array(["138 1234 5678", None, "无", "95588"])
    assert normalise("phone", values).to_pylist() == ["+8613812345678", None, None, "95588"]


def test_only_user_ids_are_kept_apart_by_namespace() -> None:
    spaces, values = pa.array(["default", "门店"]), pa.array(["7", "7"])
    users = identifier_keys("user_id", spaces, values).to_pylist()
    assert len(set(users)) == 2
    members = identifier_keys("member_no", spaces, values).to_pylist()
    assert len(set(members)) == 1
    assert users[0] != members[0]


def test_a_colon_in_a_namespace_or_value_makes_no_two_people_one() -> None:
    keys = identifier_keys("user_id", pa.array(["a", "a:b"]), pa.array(["b:c", "c"])).to_pylist()
    assert keys[0] != keys[1]
