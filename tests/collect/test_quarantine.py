from datetime import datetime
from pathlib import Path

from wotu.collect.quarantine import Problem, Quarantine


def test_problems_are_kept_in_order_of_arrival(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    assert quarantine.count() == 0
    assert quarantine.read().num_rows == 0
    quarantine.add("shop", [Problem("a.csv", 3, "Price", "is not a number", '{"Price":"x"}')], received)
    quarantine.add("python", [Problem(None, 1, None, "is nested too deeply", "")] * 2, received)
    quarantine.add("python", [], received)
    assert quarantine.count() == 3
    assert quarantine.read().to_pylist()[0] == {
        "received": received,
        "source": "shop",
        "file": "a.csv",
        "line": 3,
        "field": "Price",
        "reason": "is not a number",
        "content": '{"Price":"x"}',
        "namespace": None,
        "protocol": None,
    }


def test_content_is_cut_and_always_storable(tmp_path: Path, received: datetime) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.add(
        "s", [Problem(None, 1, "a\ud800", "r", "x" * 3_000), Problem(None, 2, None, "r", "\ud800")], received
    )
    rows = quarantine.read().to_pylist()
    assert rows[0]["content"] == "x" * 2_000
    assert rows[0]["field"] == "a\\ud800"
    assert rows[1]["content"] == "\\ud800"
