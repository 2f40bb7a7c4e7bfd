"""Lotteries, prizes and wins in the words of the console."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from wotu.accounts import audit
from wotu.console.loyalty import campaign_words
from wotu.console.loyalty.campaign_words import money
from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.lottery import words
from wotu.loyalty.lottery.choices import PrizeKind, WinState
from wotu.loyalty.lottery.reads import PrizeRow, WinRow


def shown_prize(row: PrizeRow, currency: str) -> dict[str, Any]:
    """A prize with its odds, and what became of its tickets."""
    return {
        "row": row, "name": words.name(row.name_zh, row.name_en), "kind": str(PrizeKind(row.kind).label),
        "detail": words.detail(row.kind, row.points, row.template, row.value, currency),
        "odds": words.odds(row.odds), "one_in": words.one_in(row.odds), "thanks": row.kind == PrizeKind.THANKS,
    }  # fmt: skip


def shown_win(row: WinRow, currency: str) -> dict[str, Any]:
    """A win, whose it is, and what is to be done about it."""
    return {
        "row": row, "name": words.name(row.name_zh, row.name_en), "state": str(WinState(row.state).label),
        "why": words.owed_because(row.why) if row.state == WinState.OWED else "",
        "customer_id": None if row.customer < 0 else customer_text(row.customer),
        "value": None if row.value is None else money(row.value, currency),
        "key": {"given": "live", "handed": "live", "owed": "paused", "to_hand": "paused"}[row.state],
    }  # fmt: skip


def act_words(entry: audit.Entry) -> str:
    """What somebody did with a lottery."""
    return {
        "create": _("wrote it"), "edit": _("changed it"), "ask": _("asked for an approval"),
        "launch": _("launched it"), "pause": _("paused it"), "resume": _("let it run again"), "end": _("ended it"),
        "pieces": _("added pieces of a prize"), "hand_out": _("handed out a prize"),
    }.get(str(entry.detail.get("what")), _("changed it"))  # fmt: skip


def refusal(error: WotuError) -> str:
    """Why something was not done with a lottery."""
    by_word = {
        "too_early": _("Players were promised that it runs until its end. Write the reason why it ends now."),
        "not_a_draft": _("Somebody launched this lottery meanwhile."),
        "not_running": _("It does not run (any more)."),
    }
    if error.code == ErrorCode.LAUNCH_REFUSED:
        return _("It cannot be launched before what is listed below is changed.")
    if error.field == "ends_at":
        return _("Its last day is over. Choose a later one, then launch it.")
    return by_word.get(str(error.given.get("refusal")), "") or campaign_words.refusal(error)
