"""``wotu keys`` and ``wotu user``: what they print, what they change, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import commands_on

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with commands_on(tmp_path / "w") as run:
        yield run


def _snapshot(tmp_path: Path) -> list[dict[str, Any]]:
    return json.loads((tmp_path / "w" / "keys.json").read_text())["keys"]


def test_keys_live_and_end(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("keys", "create", "--kind", "write", "--name", "shop", "--rate", "20", "--json")
    made = json.loads(out)
    assert (code, made["id"], made["key"][:3]) == (0, "k1", "wk_")

    code, out, err = run("keys", "create", "--kind", "api", "--role", "viewer")
    assert (code, out[:3], out.count("\n")) == (0, "ak_", 1)
    assert "k2" in err

    code, out, _ = run("keys", "rotate", "k1", "--overlap", "1h", "--json")
    assert (code, json.loads(out)["id"]) == (0, "k3")
    assert [(key["id"], key["source"], key["messages_per_second"]) for key in _snapshot(tmp_path)] == [
        ("k1", "shop", 20), ("k2", "api", None), ("k3", "shop", 20),
    ]  # fmt: skip

    assert run("keys", "revoke", "k1")[0] == 0
    code, out, _ = run("keys", "list", "--json")
    assert [(key["id"], key["state"]) for key in json.loads(out)["keys"]] == [
        ("k3", "active"), ("k2", "active"), ("k1", "revoked"),
    ]  # fmt: skip
    assert [key["id"] for key in _snapshot(tmp_path)] == ["k2", "k3"]
    assert made["key"] not in out


def test_people_come_change_and_go(run: Run) -> None:
    assert run("user", "add", "ann")[0] == 0
    assert run("user", "add", "bo", "--role", "viewer", "--json")[0] == 0
    assert run("user", "role", "bo", "--role", "analyst")[0] == 0
    code, _, err = run("user", "remove", "ann")
    assert (code, "ann is the last owner" in err) == (2, True)
    code, out, _ = run("user", "list", "--json")
    assert [(each["username"], each["role"]) for each in json.loads(out)["users"]] == [
        ("ann", "owner"),
        ("bo", "analyst"),
    ]
    assert run("user", "remove", "bo")[0] == 0
    assert "bo" not in run("user", "list")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("keys", "create"), "--kind write|api"),
        (("keys", "create", "--kind", "api", "--rate", "5"), "--rate has no meaning"),
        (("keys", "create", "--kind", "write", "--role", "owner"), "--role has no meaning"),
        (("keys", "create", "k1", "--kind", "write"), "create and list take none"),
        (("keys", "list", "--overlap", "1h"), "--overlap has no meaning"),
        (("keys", "rotate"), "rotate and revoke need the id"),
        (("user", "list", "ann"), "takes no name"),
        (("user", "add"), "takes no name"),
        (("user", "reset", "ann", "--role", "owner"), "--role has no meaning"),
    ],
)
def test_wrong_use_is_told_before_anything_is_made(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wotu.cli.main import main

    assert main(["--workspace", str(tmp_path / "w"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "w" / "control.db").exists()
