"""The worked example of the page about promotions runs, in its order, and answers what the page says."""

from __future__ import annotations

from tests.docs.test_points_examples import DOCS, run

from wotu.ledger.proof import differences


def test_the_example_answers_what_the_page_says(db: None) -> None:
    assert run(DOCS / "how-to" / "run-a-promotion.md", {}) > 12
    assert differences() == ()
