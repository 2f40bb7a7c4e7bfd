"""Questions of behaviour on the command line: the JSON is that of Python, people get a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.workspace import visits

from wotu.cli.main import main

Run = Callable[..., tuple[int, str, str]]
ASKED: list[tuple[str, list[str], dict[str, Any]]] = [
    ("paths", [], {}),
    (
        "paths",
        ["--start", '["Product Viewed", "Product Added"]', "--end", "Order Completed", "--steps", "3", "--top", "1",
         "--clean", "trailing slash", "--clean", '{"pattern": "Page: *", "name": "Page"}'],
        {"start": ["Product Viewed", "Product Added"], "end": "Order Completed", "steps": 3, "top": 1,
         "clean": ["trailing slash", {"pattern": "Page: *", "name": "Page"}]},
    ),
    ("funnel", ["Product Viewed", "Order Completed"], {"steps": ["Product Viewed", "Order Completed"]}),
    (
        "funnel",
        ["Product Viewed", '{"event": "Product Added", "optional": true}', '["Order Completed", "Product Reviewed"]',
         "--within", "1d", "--exclude", '{"event": "Order Refunded"}', "--by", '{"property": "channel", "at": "last"}',
         "--view", "times", "--bins", "1m,1h"],
        {"steps": ["Product Viewed", {"event": "Product Added", "optional": True},
                   ["Order Completed", "Product Reviewed"]],
         "within": "1d", "exclude": [{"event": "Order Refunded"}], "by": {"property": "channel", "at": "last"},
         "view": "times", "bins": ["1m", "1h"]},
    ),
    (
        "funnel", ["Product Viewed", "Order Completed", "--view", "trend", "--count", "sessions", "--order", "strict"],
        {"steps": ["Product Viewed", "Order Completed"], "view": "trend", "count": "sessions", "order": "strict"},
    ),
    (
        "separation", ["Product Viewed", "Order Completed", "--least", "1", "--hold", "product_id"],
        {"steps": ["Product Viewed", "Order Completed"], "least": 1, "hold": "product_id"},
    ),
    ("retention", ["--unit", "week"], {"unit": "week"}),
    (
        "retention", ["--born", "Product Viewed", "--brackets", "1-7, 8-21", "--by", "channel", "--rolling"],
        {"born": "Product Viewed", "brackets": ["1-7", "8-21"], "by": "channel", "rolling": True},
    ),
    ("retention", ["--unit", "week", "--measure", "revenue"], {"unit": "week", "measure": "revenue"}),
    (
        "habit-loop",
        ["--trigger", "Message Received", "--action", "Product Viewed", "--reward", "Order Completed",
         "--investment", "Product Reviewed", "--messages", "Message Received"],
        {"trigger": "Message Received", "action": "Product Viewed", "reward": "Order Completed",
         "investment": "Product Reviewed", "messages": "Message Received"},
    ),
    ("smart-path", ["--goal", "Order Completed"], {"goal": "Order Completed"}),
    (
        "smart-path", ["--goal", '["Order Completed"]', "--start", "Product Viewed", "--across", "--top", "1"],
        {"goal": ["Order Completed"], "start": "Product Viewed", "across": True, "top": 1},
    ),
    ("aha", ["--period", "1", "--min-customers", "1"], {"period": 1, "min_customers": 1}),
    (
        "step-doctor", ["Product Viewed", "Order Completed", "--min-customers", "2", "--errors", "Complaint Opened"],
        {"steps": ["Product Viewed", "Order Completed"], "min_customers": 2, "errors": "Complaint Opened"},
    ),
    ("stickiness", ["Product Viewed", "--unit", "week"], {"events": ["Product Viewed"], "unit": "week"}),
    ("sessions", ["--unit", "month", "--gap", "5m"], {"unit": "month", "gap": "5m"}),
    ("sessions", ["--by", "entry_event"], {"by": "entry_event"}),
    ("activity", ["Product Viewed"], {"events": ["Product Viewed"]}),
    ("output", ["--unit", "month"], {"unit": "month"}),
    ("output", ["Product Added", "--unit", "week"], {"conversion": "Product Added", "unit": "week"}),
    ("active-customers", ["--unit", "week", "--min-count", "2"], {"unit": "week", "min_count": 2}),
    ("growth-path", ["--unit", "week", "--since", "2026-01-05"], {"unit": "week", "since": "2026-01-05"}),
    (
        "growth-path",
        ["--event", "Order Completed", "--stuck-after", "1w", "--scheme", '[{"stage": "all"}]'],
        {"events": ["Order Completed"], "stuck_after": "1w", "scheme": [{"stage": "all"}]},
    ),
]  # fmt: skip


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return visits.make(tmp_path_factory.mktemp("visits") / "workspace")


@pytest.fixture
def run(filled: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the workspace of visits; (exit code, standard output, standard error)."""

    def go(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main([*words, "--workspace", str(filled.path)])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


@pytest.mark.parametrize(("verb", "words", "asked"), ASKED)
def test_the_answer_is_that_of_python_and_a_table(
    run: Run, filled: Any, verb: str, words: list[str], asked: dict[str, Any]
) -> None:
    code, out, _ = run(verb, *words, "--json")
    expected = getattr(filled, verb.replace("-", "_"))(**asked).to_dict()
    assert (code, json.loads(out)) == (0, json.loads(json.dumps(expected)))
    code, out, _ = run(verb, *words)
    assert code == 0
    assert len(out.splitlines()) >= 3


@pytest.mark.parametrize(
    "words", [["paths", "--start", "{"], ["paths", "--steps", "x"], ["paths", "--start", '["A"'], ["paths", "A"]]
)
def test_words_that_cannot_be_read_are_2(run: Run, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage:")


@pytest.mark.parametrize(
    ("words", "field"),
    [(["paths", "--steps", "99"], "steps"), (["paths", "--by", "channel"], "by"), (["paths", "--gap", "x"], "gap")],
)
def test_wrong_use_names_the_option(run: Run, words: list[str], field: str) -> None:
    code, out, _ = run(*words, "--json")
    assert (code, json.loads(out)["error"]["field"]) == (2, field)
