"""``wotu facts`` and ``wotu stages``: what they print, what they keep, what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_a_table_as_json_and_for_people(run: Run) -> None:
    code, out, _ = run("facts", "costs", "--json")
    told = json.loads(out)
    assert (code, told["table"]) == (0, "costs")
    assert told["rows"] == [
        {
            "date": "2026-01-05", "channel": "抖音", "campaign": None, "kind": "acquisition", "spend": "100.50",
            "currency": "CNY", "impressions": None, "clicks": 3, "more": None,
        }
    ]  # fmt: skip
    code, out, _ = run("facts", "costs")
    assert code == 0
    assert "costs (1)" in out
    assert "100.50" in out
    assert "campaign" not in out
    assert run("facts", "stores")[0] == 0


def test_an_unknown_table_is_wrong_use(run: Run) -> None:
    code, _, err = run("facts", "cost")
    assert code == 2
    assert "Nearest: costs" in err


def test_stages_are_shown_and_rules_are_tried_before_they_are_kept(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("stages")
    assert code == 0
    assert "曝光 exposure" in out
    rules = tmp_path / "rules.json"
    rules.write_text('{"lead": "Signed Up"}', "utf-8")
    code, out, _ = run("stages", "--rules", str(rules), "--json")
    told = {row["stage"]: row for row in json.loads(out)["stages"]}
    assert (told["exposure"]["customers"], told["lead"]["customers"], told["lead"]["from_previous"]) == (2, 1, 0.5)
    assert "Product Added" in run("stages")[1]
    assert run("stages", "--rules", str(rules), "--preset", "b2c", "--save")[0] == 0
    assert "Signed Up" in run("stages")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--save",), "what is to be kept?"),
        (("--rules", "none.json"), "cannot be read"),
        (("--by", "channel"), "--by has no meaning"),
    ],
)
def test_wrong_use_is_told(run: Run, words: tuple[str, ...], said: str) -> None:
    code, _, err = run("stages", *words)
    assert code == 2
    assert said in err
