"""The hash is SipHash-2-4 with 128 bits: the vectors of its authors."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wotu.identity.keyed_hash import hash_texts, new_key

KEY = bytes(range(16)).hex()


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", "a3817f04ba25a8e66df67214c7550293"),
        ("\x00", "da87c1d86b99af44347659119b22fc45"),
        ("\x00\x01", "8177228da4a45dc7fca38bdef60affe4"),
    ],
)
def test_vectors_of_the_reference(text: str, digest: str) -> None:
    high, low = hash_texts(pa.array([text]), KEY)
    assert (high.astype("<u8").tobytes() + low.astype("<u8").tobytes()).hex() == digest


def test_a_text_has_one_hash_wherever_it_stands() -> None:
    texts = pa.array(["phone\x00+8613800000001", "", "李" * 40, "phone\x00+8613800000001", "x"])
    high, low = hash_texts(texts, KEY)
    assert (high[0], low[0]) == (high[3], low[3])
    assert len({*zip(high.tolist(), low.tolist(), strict=True)}) == 4
    again = hash_texts(texts.slice(2, 1), KEY)
    assert (again[0][0], again[1][0]) == (high[2], low[2])


def test_every_workspace_hashes_in_its_own_way() -> None:
    one, other = new_key(), new_key()
    assert one != other
    assert hash_texts(pa.array(["x"]), one)[0][0] != hash_texts(pa.array(["x"]), other)[0][0]
