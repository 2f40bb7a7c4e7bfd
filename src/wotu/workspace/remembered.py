"""RFM answers of the newest timelines: the list of customers, every profile and movement ask for the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from wotu.core.periods import from_micros
from wotu.score.rfm import rfm
from wotu.score.rfm_answer import RfmAnswer
from wotu.score.rfm_question import Monetary, Split
from wotu.timeline.questions import Source

_MOST = 64


class RememberedRfm:
    """Answers by parameters; those of timelines that are not the newest are forgotten, as nobody asks again."""

    def __init__(self) -> None:
        self._answers: tuple[object, dict[object, RfmAnswer]] = (None, {})

    def answer(
        self, source: Source, as_of: date | str | None = None, *, window: str | None = None,
        monetary: Monetary = "total", split: Split = "mean",
    ) -> RfmAnswer:  # fmt: skip
        """RFM of what ``source`` reads. See ``score.rfm``."""
        state = (source.generation.name, source.zone)
        if self._answers[0] != state:
            self._answers = state, {}
        answers = self._answers[1]
        day = from_micros(source.now, source.zone).date() if as_of is None else as_of
        asked = (day, window, monetary, tuple(sorted(split.items())) if isinstance(split, Mapping) else split)
        known = answers.get(asked)
        if known is None:
            known = rfm(source, as_of=day, window=window, monetary=monetary, split=split)
            if len(answers) >= _MOST:
                answers.clear()
            answers[asked] = known
        return known
