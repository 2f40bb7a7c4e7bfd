"""Whatever is sent, there is an answer, and what was acknowledged is on disk."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collect.http.driving import Driven, drive, kept, make_layout

MARKER = json.dumps({"event": "A", "userId": "u", "messageId": "marker"}).encode()

_json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_fields = (
    "type",
    "event",
    "batch",
    "data",
    "properties",
    "distinct_id",
    "userId",
    "time",
    "$set",
    "api_key",
    "context",
)
_objects = st.dictionaries(st.sampled_from(_fields), _json_like, max_size=6)
_batches = st.builds(lambda many: {"batch": many}, st.lists(_objects | _json_like, max_size=3))
_texts = (_objects | _batches | _json_like).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
_packed = st.builds(lambda text, cut: gzip.compress(text)[: cut or None], _texts, st.sampled_from([0, -1, -8, 10]))
_forms = st.builds(lambda text: b"data=" + b64encode(text).replace(b"+", b"%2B") + b"&gzip=1", _texts | _packed)
_paths = st.sampled_from(
    ["/v1/track", "/v1/identify", "/v1/batch", "/v1/page", "/batch/", "/capture/", "/i/v0/e/", "/sa"]
)
_encodings = st.sampled_from(
    [{}, {"content-encoding": "gzip"}, {"authorization": "Basic \x80"}, {"content-length": "x"}]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(_paths, _texts | _packed | _forms | st.binary(max_size=40), _encodings), max_size=4))
def test_anything_may_be_sent(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[str, bytes, dict[str, str]]]
) -> None:
    root = tmp_path_factory.mktemp("any")
    acknowledged = []

    async def test(driven: Driven) -> None:
        for path, body, how in requests:
            answer = await driven.request(path, body, headers=how)
            assert answer is None or answer.status in (200, 400, 401, 413, 415)
        answer = await driven.request("/v1/track", MARKER)
        assert answer is not None
        assert answer.status == 200
        acknowledged.append(driven.collector.intake.counters.accepted)

    drive(make_layout(root), test)
    found = kept(root)
    assert [found.rows] == acknowledged
    assert "marker" in found.table["message_id"].to_pylist()
