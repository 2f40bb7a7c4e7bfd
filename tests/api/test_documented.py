"""The reference names every address and status; the commands of the how-to run against a server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.api.addresses import ROUTES
from tests.console import real
from tests.console.ports import free_port
from tests.console.test_server import _answers
from tests.docs.test_documentation import blocks, coded, headings, rows

from wotu.api.errors import STATUS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "api.md"
HOW_TO = ROOT / "docs" / "how-to" / "use-the-api.md"


def test_every_address_has_a_heading_and_no_other() -> None:
    assert sorted(coded(headings(REFERENCE))) == sorted(f"{method} /api/v1/{path}" for method, path in ROUTES)


def test_the_pages_of_questions_name_addresses_that_exist() -> None:
    pages = sorted((ROOT / "docs" / "questions").glob("*.md"))
    named = {
        (page.name, path) for page in pages for path in re.findall(r"`POST /api/v1/([^`]+)`", page.read_text("utf-8"))
    }
    assert {path for _, path in named} <= {path for method, path in ROUTES if method == "POST"}
    assert {name for name, _ in named} >= {page.name for page in pages} - {"path-patterns.md"}


def test_every_code_stands_beside_its_status() -> None:
    told = re.findall(r"^\| (\d{3}) \| (.+) \|$", REFERENCE.read_text("utf-8"), re.MULTILINE)
    found = {code: int(status) for status, codes in told for code in re.findall(r"`(\w+)`", codes)}
    assert found == {code.value: int(status) for code, status in STATUS.items()}
    assert rows(REFERENCE) == []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of the how-to for a running server, and where its workspace is."""
    folder = tmp_path_factory.mktemp("how-to") / "workspace"
    real.make(folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WOTU_", "DJANGO_"))}
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "wotu.site", str(folder), "127.0.0.1", str(port)], env=environment)
    try:
        assert _answers(port)
        environment |= {"WOTU": f"http://127.0.0.1:{port}/api/v1", "FOLDER": str(folder)}
        yield {**environment, "KEY": _key_made_by(HOW_TO, environment)}
    finally:
        server.terminate()
        server.wait(20)


def _key_made_by(page: Path, environment: dict[str, str]) -> str:
    """The key that the page says how to make."""
    (create,) = [line for block in blocks(page) for line in block.text.splitlines() if line.startswith("wotu ")]
    command = [sys.executable, "-m", *shlex.split(create), "--json", "--workspace", environment["FOLDER"]]
    made = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    return str(msgspec.json.decode(made)["key"])


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_commands_of_the_how_to_work(served: dict[str, str]) -> None:
    lines = [line for block in blocks(HOW_TO) if block.language == "sh" for line in block.text.splitlines()]
    commands = [line for line in lines if line.startswith("curl ")]
    assert len(commands) == 9
    answers: list[Any] = []
    for command in [*commands, commands[6]]:
        done = subprocess.run(["bash", "-c", command + " --fail-with-body"], env=served, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        answers.append(msgspec.json.decode(done.stdout))
    assert answers[0]["question"] == "rfm"
    assert answers[3]["total"] == 8
    assert answers[4]["name"] == "客户3"
    assert answers[6] == answers[9] == {"accepted": 1, "duplicates": 0, "quarantined": 0}


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_checkout_of_the_how_to_works(served: dict[str, str]) -> None:
    page = ROOT / "docs" / "how-to" / "check-out-with-coupons.md"
    lines = [line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    answers: list[Any] = []
    for command in [line for line in lines if line.startswith("curl ")]:
        done = subprocess.run(["bash", "-c", command + " --fail-with-body"], env=served, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        answers.append(msgspec.json.decode(done.stdout))
    _campaign, kind, launched, quote, held, paid, returned, order = answers
    assert (kind["shared_code"], launched["state"], quote["payable"]) == ("SPRING10", "live", "58.00")
    assert (held["kept"]["budgets"], paid["state"], returned["amount"]) == ({"spring": "10.00"}, "paid", "25.00")
    assert [each["refund_id"] for each in order["returns"]] == ["1018-1"]


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_programme_of_the_how_to_works(served: dict[str, str]) -> None:
    page = ROOT / "docs" / "how-to" / "start-a-points-programme.md"
    environment = {**served, "KEY": _key_made_by(page, served)}
    lines = [line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    answers: list[Any] = []
    for command in [line for line in lines if line.startswith("curl ")]:
        done = subprocess.run(
            ["bash", "-c", command + " --fail-with-body"], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        answers.append(msgspec.json.decode(done.stdout))
    made, mug, badge, _held, _paid, checked, member, taken, redemptions, back, changed = answers
    assert (made["version"], mug["id"], badge["levels"][1]) == (1, 1, {"at": 10, "customers": 0})
    assert (checked["points"], member["points"]["free"], member["level"]["level"]) == (2, 302, "silver")
    assert (member["level"]["missing"], [each["points"] for each in member["lots"]]) == (1_700, [300, 2])
    assert (taken["points"], redemptions["items"][0]["id"], back["repeated"]) == (200, taken["id"], False)
    assert (changed["version"], changed["earn"][0]["by_weekday"], len(changed["earn"])) == (2, {"7": 200}, 3)
