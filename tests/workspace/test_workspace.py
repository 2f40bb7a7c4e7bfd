"""The workspace as a program uses it: what goes in, and the exact shape of what comes out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wotu
from settle.messages import track
from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace
from wotu.workspace import workspace as module

Make = Callable[..., Workspace]
COLUMNS: dict[str, list[Any]] = {
    "user_id": ["u1", "u2"], "event": ["E", "E"], "timestamp": ["2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"],
    "message_id": ["1", "2"], "amount": [1.5, None], "channel": ["微信", "抖音"],
}  # fmt: skip
RANGE = {"since": "2026-01-05", "until": "2026-01-07"}


def order(user: str | None, number: int, revenue: str, day: str = "2026-01-05", **held: Any) -> dict[str, Any]:
    message = track("Order Completed", time=f"{day}T10:00:00+08:00", order_id=f"O{number}", revenue=revenue, **held)
    return {
        **message,
        "messageId": f"o{number}",
        **({"userId": user} if user else {"userId": None, "anonymousId": f"a{number}"}),
    }


def given(kind: str, folder: Path) -> Any:
    """The same two events in every form ``collect`` takes."""
    table = pa.table(COLUMNS)
    if kind == "arrow":
        return table
    if kind == "pandas":
        return pd.DataFrame(COLUMNS)
    if kind == "parquet":
        pq.write_table(table, folder / "events.parquet")
        return folder / "events.parquet"
    properties = [{"amount": 1.5, "channel": "微信"}, {"channel": "抖音"}]
    messages = [
        {"type": "track", "event": "E", "userId": f"u{i + 1}", "timestamp": COLUMNS["timestamp"][i],
         "messageId": f"{i + 1}", "properties": properties[i]} for i in range(2)
    ]  # fmt: skip
    lines = "".join(json.dumps(message) + "\n" for message in messages).encode()
    if kind == "ndjson":
        (folder / "events.ndjson").write_bytes(lines)
        return str(folder / "events.ndjson")
    if kind == "ndjson.gz":
        (folder / "events.ndjson.gz").write_bytes(gzip.compress(lines))
        return folder / "events.ndjson.gz"
    return messages if kind == "list" else iter(messages)


@pytest.mark.parametrize("kind", ["arrow", "pandas", "parquet", "ndjson", "ndjson.gz", "list", "iterator"])
def test_every_form_of_the_same_events_gives_the_same_answers(make_workspace: Make, tmp_path: Path, kind: str) -> None:
    workspace = make_workspace()
    assert workspace.collect(given(kind, tmp_path)) == {"accepted": 2, "duplicates": 0, "quarantined": 0}
    assert workspace.collect(given(kind, tmp_path)) == {"accepted": 0, "duplicates": 2, "quarantined": 0}
    answer = workspace.events("E", measure="sum:amount", by="channel", **RANGE).to_dict()
    assert [(s["group"], [point["value"] for point in s["points"]]) for s in answer["series"]] == [
        ("微信", [1.5, 0]), ("抖音", [0, 0]),
    ]  # fmt: skip


def test_one_dict_is_one_message(make_workspace: Make) -> None:
    assert make_workspace().collect(track("E")) == {"accepted": 1, "duplicates": 0, "quarantined": 0}


def test_wrong_messages_are_kept_with_a_reason_and_the_others_count(make_workspace: Make) -> None:
    workspace = make_workspace()
    told = workspace.collect([track("E"), {"type": "track", "userId": "u"}, track("E", time="gestern"), "text"])
    assert told == {"accepted": 1, "duplicates": 0, "quarantined": 3}
    assert workspace.events("E", measure="count", **RANGE).series[0].points[0][1] == 1


@pytest.mark.parametrize("number", [2**63, 2**64, 2**70, -(2**70), 10**400], ids=lambda n: f"{n.bit_length()}-bits")
def test_a_huge_number_does_not_stop_the_others(make_workspace: Make, number: int) -> None:
    workspace = make_workspace()
    told = workspace.collect([track("E", n=number), track("E")])
    assert told["accepted"] + told["quarantined"] == 2
    assert workspace.events("E", measure="count", **RANGE).series[0].points[0][1] == told["accepted"] >= 1


@pytest.mark.parametrize("path", ["data.csv", "missing.ndjson", "missing.parquet"])
def test_a_path_that_cannot_be_collected_is_refused(make_workspace: Make, tmp_path: Path, path: str) -> None:
    workspace = make_workspace()
    with pytest.raises(WotuError) as caught:
        workspace.collect(tmp_path / path)
    assert caught.value.code is ErrorCode.INVALID_FILE
    assert workspace.is_empty()


def test_wotu_open_makes_the_workspace_and_opens_it_again(tmp_path: Path) -> None:
    assert wotu.open(str(tmp_path / "new")).is_empty()
    assert (tmp_path / "new" / "wotu.toml").exists()
    wotu.open(str(tmp_path / "new")).collect(track("E"))
    assert not wotu.open(str(tmp_path / "new")).is_empty()


SCOPE = {"customers": int, "events": int, "timezone": str, "seq": int}


def typed(value: Any) -> Any:
    """The shape of an answer: types in place of values, one of each kind of list entry."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return [typed(value[0])] if isinstance(value, list) and value else type(value)


def contains(shape: Any, wanted: Any) -> bool:
    """Whether every wanted key is there with its type ("more may be added")."""
    if isinstance(wanted, dict):
        return isinstance(shape, dict) and all(name in shape and contains(shape[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return isinstance(shape, list) and contains(shape[0], wanted[0])
    return shape in (wanted if isinstance(wanted, tuple) else (wanted,))


def test_shapes_of_the_contract(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([order("u1", 1, "10"), order("u2", 2, "5.5", "2026-01-06"), order(None, 3, "7")])
    events = workspace.events("Order Completed", **RANGE).to_dict()
    wanted = {
        "question": str, "unit": str, "scope": SCOPE,
        "series": [{"label": str, "group": type(None), "points": [{"time": str, "value": int}]}],
    }  # fmt: skip
    assert contains(typed(events), wanted)
    assert (events["question"], events["scope"]["customers"], events["scope"]["events"]) == ("events", 3, 3)
    growth = workspace.growth_accounting(unit="week", since="2026-01-05", until="2026-01-12").to_dict()
    counts = dict.fromkeys(["new", "returning", "resurrecting", "dormant"], int)
    row = {"period": str, "complete": bool, "quick_ratio": (float, type(None)), **counts}
    assert contains(typed(growth), {"question": str, "unit": str, "periods": [row], "scope": SCOPE})
    assert growth["question"] == "growth_accounting"
    rfm = workspace.rfm(as_of="2026-02-01")
    segment = {"segment": str, "name": str, "customers": int, "revenue": str}
    anonymous = {"customers": int, "orders": int, "revenue": str}
    wanted = {
        "question": str,
        "as_of": str,
        "customers": int,
        "segments": [segment],
        "anonymous": anonymous,
        "scope": SCOPE,
    }
    assert contains(typed(rfm.to_dict()), wanted)
    assert rfm.to_dict()["anonymous"] == {"customers": 1, "orders": 1, "revenue": "7.00"}
    fields = {"customer_id", "recency_days", "frequency", "monetary", "r", "f", "m", "score", "segment"}
    assert fields <= set(rfm.table.column_names)
    assert sorted(rfm.table["monetary"].to_pylist()) == ["10.00", "5.50"]
    assert json.loads(json.dumps([events, growth, rfm.to_dict()])) == [events, growth, rfm.to_dict()]


def test_until_data_makes_now_the_end_of_the_last_day_with_events(make_workspace: Make) -> None:
    workspace = make_workspace(questions_until="data")
    workspace.collect([order("u1", 1, "10"), order("u1", 2, "10", "2026-01-07")])
    assert workspace.now().isoformat() == "2026-01-08T00:00:00+08:00"
    assert workspace.rfm().as_of == date(2026, 1, 8)
    points = workspace.events("Order Completed").series[0].points
    assert points == (("2026-01-05", 1), ("2026-01-06", 0), ("2026-01-07", 1))
    assert [period.complete for period in workspace.growth_accounting(unit="day").periods] == [True] * 3


def test_as_of_is_the_date_of_now_also_tomorrow(make_workspace: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs over midnight answers for the new day, though no message came in."""
    workspace = make_workspace()
    workspace.collect(order("u1", 1, "10"))

    def answered_after(days: int) -> tuple[date, int]:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime(2026, 2, 1, 12, tzinfo=UTC) + timedelta(days=days)

        monkeypatch.setattr(module, "datetime", Clock)
        answer = workspace.rfm()
        return answer.as_of, int(answer.recency[0])

    assert [answered_after(days) for days in (0, 1, 2)] == [
        (date(2026, 2, 1), 27), (date(2026, 2, 2), 28), (date(2026, 2, 3), 29),
    ]  # fmt: skip


def test_another_currency_is_left_out_of_money_and_counted(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([order("u1", 1, "10"), order("u1", 2, "1000", currency="USD")])
    rfm = workspace.rfm(as_of="2026-02-01")
    assert rfm.table["monetary"].to_pylist() == ["10.00"]
    assert workspace.generation().manifest.totals.unconverted == 1
    answer = workspace.events("Order Completed", measure="sum:revenue", **RANGE)
    assert answer.series[0].points[0][1] == "10.00"
    assert rfm.to_dict()["unconverted"] == 1


def test_an_unknown_event_names_the_three_nearest(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect(track("购买完成"))
    with pytest.raises(WotuError) as caught:
        workspace.events("Order Complet")
    assert (caught.value.code, caught.value.field) == (ErrorCode.UNKNOWN_EVENT, "events[0]")
    nearest = caught.value.message.partition("Nearest: ")[2].rstrip(".").split(", ")
    assert (nearest[0], len(nearest)) == ("Order Completed", 3)
    assert workspace.events("Order Completed", **RANGE).series[0].points == (("2026-01-05", 0), ("2026-01-06", 0))


def test_an_identifier_finds_its_customer_or_says_why_not(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([
        {"type": "identify", "userId": "7", "traits": {"phone": "138-0000-0001", "name": "王芳"}},
        {"type": "identify", "userId": "8", "traits": {"member_no": "7"}},
    ])  # fmt: skip
    first = workspace.customer("user_id:7").customer_id
    assert {workspace.customer(name).customer_id for name in (first, "+86 138 0000 0001", "phone:13800000001")} == {
        first
    }
    for name, code in (("7", ErrorCode.AMBIGUOUS_IDENTIFIER), ("nobody", ErrorCode.UNKNOWN_CUSTOMER)):
        with pytest.raises(WotuError) as caught:
            workspace.customer(name)
        assert (caught.value.code, caught.value.field) == (code, "identifier")


def test_the_same_user_id_in_two_namespaces_is_ambiguous(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect(track("E", "7"))
    workspace.collect(track("E", "7"), namespace="门店")
    with pytest.raises(WotuError) as caught:
        workspace.customer("user_id:7")
    assert caught.value.code is ErrorCode.AMBIGUOUS_IDENTIFIER
