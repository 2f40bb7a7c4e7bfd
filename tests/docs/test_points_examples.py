"""The worked examples of the pages about points run, in their order, and answer what the pages say."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.console.site import configure

configure()

from tests.loyalty.following import use, work  # noqa: E402

from wotu.ledger.proof import differences  # noqa: E402

DOCS = Path(__file__).parents[2] / "docs"


def run(page: Path, names: dict[str, Any]) -> int:
    """How many examples of the page were run; all of them answered what it says."""
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), names, page.name, str(page), 0)
    told: list[str] = []
    result = doctest.DocTestRunner().run(examples, out=told.append)
    assert result.failed == 0, "".join(told)
    return result.attempted


def test_the_examples_answer_what_the_page_says(db: None) -> None:
    assert run(DOCS / "explanation" / "points-and-tiers.md", {}) > 15
    assert differences() == ()


def test_a_programme_is_reckoned_through_as_the_how_to_says(db: None) -> None:
    assert run(DOCS / "how-to" / "start-a-points-programme.md", {}) > 15
    assert differences() == ()


def test_orders_earn_as_the_page_says(make_workspace: Callable[..., Any], settings: Any, db: None) -> None:
    space = make_workspace(timezone="Asia/Shanghai", currency="CNY")
    use(space, settings)
    names = {"workspace": space.path, "follow": lambda: work(space.path)}
    assert run(DOCS / "how-to" / "let-orders-earn.md", names) > 15
    assert differences() == ()
