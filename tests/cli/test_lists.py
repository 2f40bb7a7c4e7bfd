"""``wotu lists``: what it shows, keeps, takes out and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_lists_are_saved_shown_and_deleted(run: Run, tmp_path: Path) -> None:
    assert "No list has been saved yet." in run("lists")[1]
    code, out, _ = run("lists", "save", "signed up", "--where", 'path("`Signed Up`")', "--description", "new", "--json")
    told = json.loads(out)
    assert (code, told["name"], told["customers"], told["description"]) == (0, "signed up", 1, "new")
    ids = tmp_path / "ids.txt"
    ids.write_text("c0\nc1\n", "utf-8")
    assert "2 customers are on the list all." in run("lists", "save", "all", "--ids", str(ids))[1]
    shown = json.loads(run("lists", "--json")[1])["lists"]
    assert [(each["name"], each["customers"]) for each in shown] == [("all", 2), ("signed up", 1)]
    assert "signed up" in run("lists")[1]
    code, out, _ = run("events", "Product Viewed", "--audience", "signed up", "--json")
    assert (code, json.loads(out)["scope"]["customers"]) == (0, 1)
    assert run("lists", "delete", "all")[0] == 0
    assert [each["name"] for each in json.loads(run("lists", "--json")[1])["lists"]] == ["signed up"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("save",), "needs the NAME"),
        (("delete",), "needs the NAME"),
        (("save", "vip"), "--where or --ids"),
        (("save", "vip", "--ids", "none.txt"), "cannot be read"),
        (("save", "vip", "--where", "channel is null"), "unknown"),
        (("delete", "vip"), "no list is called 'vip'"),
        (("show", "--where", "trait.x is null"), "save NAME"),
        (("save", "vip", "--by", "x"), "no meaning"),
    ],
)
def test_wrong_use(run: Run, words: tuple[str, ...], said: str) -> None:
    code, _, err = run("lists", *words)
    assert code == 2
    assert said in err or said == "unknown"
    assert json.loads(run("lists", "--json")[1]) == {"lists": []}
