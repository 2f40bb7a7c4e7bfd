"""The worked examples of the page about points run, in their order, and answer what the page says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from tests.console.site import configure

configure()

from wotu.ledger.proof import differences  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "points-and-tiers.md"


def test_the_examples_answer_what_the_page_says(db: None) -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []

    result = doctest.DocTestRunner().run(examples, out=told.append)

    assert result.failed == 0, "".join(told)
    assert result.attempted > 15
    assert differences() == ()
