"""What is found before a launch, in the words of its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wotu.console import figures
from wotu.loyalty.campaigns.launch_checks import Finding


@dataclass(frozen=True)
class ShownFinding:
    """A finding with what the law that asks for it is called."""

    text: str
    blocks: bool
    sources: tuple[str, ...]


def shown_findings(found: Iterable[Finding]) -> list[ShownFinding]:
    """Findings in the language of the page."""
    language = figures.locale().language
    return [
        ShownFinding(each.said.within(language), each.blocks, tuple(law.source.within(language) for law in each.laws))
        for each in found
    ]
