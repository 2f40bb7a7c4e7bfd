"""The command line as people and scripts use it: words, output and exit codes."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settle.messages import track
from wotu.cli.main import main
from wotu.workspace import Workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the test's workspace; (exit code, standard output, standard error)."""
    monkeypatch.setenv("WOTU_WORKSPACE", str(tmp_path / "w"))

    def go(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Three messages, one of them twice."""
    lines = [track("E", f"u{i}", message=f"m{i}", channel="微信") for i in (0, 1, 0)]
    lines.append(track("Order Completed", "u1", message="o", order_id="O1", revenue="10.50"))
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    return path


def parsed(text: str) -> Any:
    """Standard output as the one JSON document it must be."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def test_init_may_be_run_twice(run: Run, tmp_path: Path) -> None:
    assert run("init")[0] == 0
    (tmp_path / "w" / "wotu.toml").write_text('name = "沃土"\n')
    code, out, _ = run("init", "--json")
    assert (code, parsed(out)) == (0, {"workspace": str(tmp_path / "w")})
    assert (tmp_path / "w" / "wotu.toml").read_text() == 'name = "沃土"\n'


def test_collect_twice(run: Run, events: Path) -> None:
    assert parsed(run("collect", str(events), "--json")[1]) == {"accepted": 3, "duplicates": 1, "quarantined": 0}
    code, out, _ = run("--json", "collect", str(events))
    assert (code, parsed(out)) == (0, {"accepted": 0, "duplicates": 4, "quarantined": 0})


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "--since", "2026-01-05", "--until", "2026-01-06", "--by", "channel", "events", "E"],
        ["events", "E", "--json", "--since", "2026-01-05", "--until", "2026-01-06", "--by", "channel"],
        ["--since", "2026-01-05", "events", "--by", "channel", "E", "--until", "2026-01-06", "--json"],
    ],
)
def test_common_options_stand_before_or_after_the_verb(run: Run, events: Path, words: list[str]) -> None:
    run("collect", str(events))
    code, out, _ = run(*words)
    assert code == 0
    assert parsed(out)["series"] == [
        {"label": "E", "group": "微信", "points": [{"time": "2026-01-05", "value": 2}]}
    ]  # fmt: skip


def test_workspace_option_goes_before_the_environment(run: Run, events: Path, tmp_path: Path) -> None:
    run("--workspace", str(tmp_path / "other"), "collect", str(events))
    assert not (tmp_path / "w").exists()
    assert Workspace.open(tmp_path / "other").generation().manifest.event_count == 3


def test_answers_are_those_of_python(run: Run, events: Path, tmp_path: Path) -> None:
    run("collect", str(events))
    workspace = Workspace.open(tmp_path / "w")
    span = {"since": "2026-01-01", "until": "2026-01-20"}
    options = ["--since", "2026-01-01", "--until", "2026-01-20", "--json"]
    assert parsed(run("growth-accounting", "E", "--unit", "day", *options)[1]) == workspace.growth_accounting(
        "E", unit="day", **span
    ).to_dict()  # fmt: skip
    assert parsed(run("events", "Order Completed", "--measure", "sum:revenue", *options)[1]) == workspace.events(
        "Order Completed", measure="sum:revenue", **span
    ).to_dict()  # fmt: skip
    asked = ["--as-of", "2026-02-01", "--split", "r=30,f=1,m=10.50", "--monetary", "average", "--window", "90d"]
    expected = workspace.rfm(
        "2026-02-01", split={"r": 30, "f": 1, "m": "10.50"}, monetary="average", window="90d"
    ).to_dict()  # fmt: skip
    assert parsed(run("rfm", *asked, "--json")[1]) == expected
    assert parsed(run("growth-accounting", "--where", 'channel == "微信"', *options)[1])["scope"]["events"] == 2


@pytest.mark.parametrize("words", [["events", "E"], ["growth-accounting"], ["rfm"], ["customer", "u1"], ["doctor"]])
def test_tables_for_people(run: Run, events: Path, words: list[str]) -> None:
    run("collect", str(events))
    code, out, _ = run(*words)
    assert code == 0
    assert len(out.splitlines()) >= 2


@pytest.mark.parametrize(
    ("words", "error", "field"),
    [
        (["events", "Order Complete"], "unknown_event", "events[0]"),
        (["events", "E", "--by", "chanel"], "unknown_property", "by"),
        (["events", "E", "--where", "channel = 1"], "invalid_expression", "where"),
        (["events", "E", "--since", "gestern"], "invalid_argument", "since"),
        (["events", "E", "--timezone", "Mars/Base"], "invalid_argument", "timezone"),
        (["events", "E", "--audience", "vip"], "invalid_argument", "audience"),
        (["events", "E", "--measure", "median"], "invalid_argument", "measure"),
        (["rfm", "--split", "r=1"], "invalid_argument", "split"),
        (["rfm", "--by", "channel"], "invalid_argument", "by"),
        (["growth-accounting", "--periods", "0"], "invalid_argument", "periods"),
        (["customer", "nobody"], "unknown_customer", "identifier"),
    ],
)
def test_wrong_use_is_2_and_one_error_object(run: Run, events: Path, words: list[str], error: str, field: str) -> None:
    run("collect", str(events))
    code, out, err = run(*words, "--json")
    told = parsed(out)
    assert code == 2
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message", "field"}
    assert (told["error"]["code"], told["error"]["field"]) == (error, field)
    assert told["error"]["message"] in err
    code, out, _ = run(*words)
    assert (code, out) == (2, "")


def test_an_unknown_event_comes_with_three_names(run: Run, events: Path) -> None:
    run("collect", str(events))
    message = parsed(run("events", "Order Complete", "--json")[1])["error"]["message"]
    assert len(message.partition("Nearest: ")[2].split(", ")) == 3
    assert "Order Completed" in message


@pytest.mark.parametrize("words", [[], ["nothing"], ["events"], ["events", "E", "--unit", "year"], ["import", "x.csv"]])
def test_words_that_are_no_command_are_2(run: Run, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage:")


@pytest.mark.parametrize(
    "verb", ["init", "collect", "import", "events", "growth-accounting", "rfm", "customer", "doctor"]
)
def test_every_verb_has_help(run: Run, verb: str) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert "--workspace" in out


def test_failures_that_no_other_words_would_mend_are_1(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("collect", str(tmp_path / "missing.ndjson"), "--json")
    assert (code, parsed(out)["error"]["code"]) == (1, "invalid_file")
    run("init")
    (tmp_path / "w" / "workspace.format").write_text("99\n")
    code, out, _ = run("doctor", "--json")
    assert (code, parsed(out)["error"]["code"]) == (1, "newer_workspace")


MAPPING = """
event: E
identifiers: {user_id: who}
time: when
properties: {amount: amount}
"""


def test_dry_run_loads_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAPPING)
    (tmp_path / "data.csv").write_text("who,when,amount\nu1,2026-01-05,1.5\nu2,unknown,2\n")
    words = ["import", str(tmp_path / "data.csv"), "--mapping", str(tmp_path / "map.yaml"), "--json"]
    code, out, _ = run(*words, "--dry-run")
    told = parsed(out)
    assert code == 0
    assert told["rows"] == 2
    assert [(problem["line"], problem["field"]) for problem in told["problems"]] == [(3, "when")]
    assert Workspace.open(tmp_path / "w").is_empty()
    assert not list((tmp_path / "w" / "quarantine").iterdir())
    assert parsed(run(*words)[1]) == {"accepted": 1, "duplicates": 0, "quarantined": 1}
    assert parsed(run(*words)[1]) == {"accepted": 0, "duplicates": 1, "quarantined": 1}


def test_a_customer_as_json(run: Run, events: Path) -> None:
    run("collect", str(events))
    told = parsed(run("customer", "user_id:u1", "--json")[1])
    assert told["identifiers"] == [{"type": "user_id", "value": "u1", "namespace": "default"}]
    assert (told["orders"], told["revenue"], told["events"]) == (1, "10.50", 2)
    assert told["customer_id"].startswith("c")
    assert told["timeline"][0]["time"] == "2026-01-05T08:00:00+08:00"
    assert told["timeline"][0]["properties"]["revenue"] == "10.50"


def test_an_ambiguous_customer_is_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "two.ndjson").write_text(
        json.dumps(track("E", "7")) + "\n"
        + json.dumps({"type": "identify", "userId": "8", "traits": {"member_no": "7"}}) + "\n"
    )  # fmt: skip
    run("collect", str(tmp_path / "two.ndjson"))
    code, out, _ = run("customer", "7", "--json")
    assert (code, parsed(out)["error"]["code"]) == (2, "ambiguous_identifier")


def test_doctor_says_healthy_or_ends_with_1(run: Run, events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("collect", str(events))
    code, out, _ = run("doctor", "--json")
    told = parsed(out)
    assert (code, told["healthy"]) == (0, True)
    assert {finding["what"] for finding in told["findings"] if finding["level"] != "ok"} == {"backup"}
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of the standard library's
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    code, out, _ = run("doctor", "--json")
    told = parsed(out)
    assert (code, told["healthy"]) == (1, False)
    assert [finding["what"] for finding in told["findings"] if finding["level"] == "problem"] == ["disk"]
