"""What a refusal says, in the language of the page: from its code, its reason and what it is about, never from an
English message."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wotu.console import figures
from wotu.console.asking.declaring import Words
from wotu.core.errors import ErrorCode, Reason, WotuError

_BY_REASON: Mapping[Reason, Words] = {
    Reason.OUT_OF_RANGE: gettext_lazy("Write a number from %(least)s to %(most)s."),
    Reason.TOO_SMALL: gettext_lazy("Write a number of at least %(least)s."),
    Reason.TOO_MANY: gettext_lazy("There can be at most %(most)s. Take some away."),
    Reason.TOO_LONG: gettext_lazy("Write at most %(most)s characters, on one line."),
    Reason.TOO_MANY_PERIODS: gettext_lazy("This makes too many periods. Choose a longer unit or a shorter time range."),
    Reason.TOO_MANY_FILTERS: gettext_lazy("One event has too many different filters. Take some away."),
    Reason.NOT_A_CHOICE: gettext_lazy("Choose one of the options."),
    Reason.NOT_A_DATE: gettext_lazy("Write a date such as 2026-01-31."),
    Reason.NOT_A_DURATION: gettext_lazy("Write a number and its unit, such as 7 days."),
    Reason.NOT_A_TIME_ZONE: gettext_lazy("Write the name of a time zone, such as Asia/Shanghai."),
    Reason.NOT_JSON: gettext_lazy("This is not JSON. Check brackets, commas and quotation marks."),
    Reason.NOT_A_RULE: gettext_lazy('This is no rule. Write the name of an event, or an object such as {"order": 2}.'),
    Reason.NOT_A_FORMULA: gettext_lazy("The formula cannot be read at character %(at)s. Write one such as A / B."),
    Reason.NOT_BRACKETS: gettext_lazy("Write periods that rise, none of them twice, such as 1, 2-3, 4-7."),
    Reason.NOT_RISING: gettext_lazy("Write a number, or lengths of time that rise, such as 10m, 1h, 1d."),
    Reason.NOT_FOR_GROUPS: gettext_lazy("An answer cannot be split by lists, nor by what names single things."),
    Reason.NOT_IN_ANY_ORDER: gettext_lazy(
        "Steps in any order have no exclusions and waits of their own. Choose an order."
    ),
    Reason.NOT_WITH_BRACKETS: gettext_lazy("Observation periods of your own do not go together with this."),
    Reason.NEEDS_NUMBERS: gettext_lazy("This measure needs a property of events that holds numbers."),
    Reason.REVENUE_OF_ORDERS: gettext_lazy("Revenue is that of whole orders: it cannot be filtered by events."),
    Reason.OF_EVENTS: gettext_lazy("“%(name)s” belongs to events. Customers are told apart by their traits."),
    Reason.OF_A_FILE: gettext_lazy("This row is not a message: correct its file and import it again."),
    Reason.SAME_IN_ALL_EVENTS: gettext_lazy("All events of a customer share this. Choose a property of events."),
    Reason.ENDS_BEFORE_IT_BEGINS: gettext_lazy("The second date must be after the first."),
    Reason.NEVER: gettext_lazy("As it stands, this can never happen. Change one of the two."),
    Reason.NO_EVENT: gettext_lazy("Choose an event."),
    Reason.NO_SUCH_STEP: gettext_lazy("Write the number of a step, from 1 to %(most)s."),
    Reason.NO_STEP_AFTER: gettext_lazy("No step has to follow this one: nobody stops there. Choose an earlier step."),
    Reason.FIRST_STEP: gettext_lazy("The first step begins: it can neither be optional nor wait for another."),
    Reason.OPTIONAL_STEP: gettext_lazy("This step is optional and may be left out. Choose one that is not."),
    Reason.TWO_STEPS: gettext_lazy("Name at least two steps that are not optional."),
    Reason.UNREADABLE: gettext_lazy("This cannot be read at character %(at)s of “%(text)s”."),
    Reason.WRONG_OPERATOR: gettext_lazy("“%(name)s” cannot be compared with %(operator)s."),
    Reason.WRONG_VALUE: gettext_lazy("“%(name)s” cannot be compared with “%(value)s”: its values are of another kind."),
}
_BY_CODE: Mapping[ErrorCode, Words] = {
    ErrorCode.CANCELLED: gettext_lazy("The question was cancelled before it had its answer. Ask it again."),
    ErrorCode.TOO_SLOW: gettext_lazy("The answer takes too long. Ask about a shorter time."),
    ErrorCode.INVALID_EXPRESSION: gettext_lazy("This filter cannot be read. Check names, signs and quotation marks."),
}  # fmt: skip
# What stands for a message that says more, but in English alone.
_IN_SHORT: Mapping[ErrorCode, Words] = {
    ErrorCode.INVALID_MESSAGE: gettext_lazy("This message cannot be used as it stands. Look at the field %(field)s."),
    ErrorCode.UNKNOWN_CUSTOMER: gettext_lazy("No customer is known by this."),
    ErrorCode.AMBIGUOUS_IDENTIFIER: gettext_lazy("More than one customer is known by this. Write its type in front."),
    ErrorCode.NOT_FOUND: gettext_lazy("This is not there any more; somebody may have deleted it."),
    ErrorCode.DISK_FULL: gettext_lazy("The disk is nearly full, so nothing more is taken in. Make room first."),
    ErrorCode.WORKSPACE_IN_USE: gettext_lazy("Something else is at work on this workspace. Try again in a moment."),
}


def in_words(error: WotuError, label: Words = "") -> str:
    """What an error says on a page; ``label`` names the field where the words do not stand beside it."""
    if error.code is ErrorCode.FORBIDDEN:
        return _("Your role may not look into identifiers: ask for a whole value, and group by something else.")
    words = said(error)
    if words is None:
        words = _in_short(error) if speaks_another_language() else _detail(error)
    return _("%(field)s: %(problem)s") % {"field": label, "problem": words} if label else words


def said(error: WotuError) -> str | None:
    """What an error says where there are words for it."""
    if error.reason is Reason.SAID:
        return error.message
    if error.code is ErrorCode.LAUNCH_REFUSED:
        return _found(error)
    if error.code is ErrorCode.UNKNOWN_EVENT:
        return _("No message ever carried this event. Choose one that did.") + _nearest(error)
    if error.code is ErrorCode.UNKNOWN_PROPERTY:
        return _("No event or customer has a property of this name.") + _nearest(error)
    words = _BY_REASON.get(error.reason) if error.reason is not None else _BY_CODE.get(error.code)
    return _filled(words, error)


def speaks_another_language() -> bool:
    """Whether the page is in another language than the messages of errors."""
    return figures.locale().language != "en"


def _in_short(error: WotuError) -> str:
    return _filled(_IN_SHORT.get(error.code), error) or _("This does not work as it stands; change it.")


def _filled(words: Words | None, error: WotuError) -> str | None:
    """The words with what they name; nothing where the error does not tell it."""
    if words is None:
        return None
    told = {"field": error.field, **error.given}
    try:
        return str(words) % {name: _shown(value) for name, value in told.items() if value is not None}
    except KeyError:
        return None


def _found(error: WotuError) -> str | None:
    """What a check found, which tells it in both languages; nothing where it does not."""
    findings, chinese = error.given.get("findings"), figures.locale().language == "zh"
    if not isinstance(findings, list):
        return None
    if chinese:
        return "".join(each["text_zh"] + "".join(law["source_zh"] + "。" for law in each["laws"]) for each in findings)
    return " ".join(" ".join([each["text"], *(law["source"] + "." for law in each["laws"])]) for each in findings)


def _nearest(error: WotuError) -> str:
    near = str(error.given.get("near") or "")
    between = "" if figures.locale().language == "zh" else " "
    return between + _("Nearest: %(names)s.") % {"names": near} if near else ""


def _shown(value: object) -> str:
    return figures.count_exact(value) if isinstance(value, int) else str(value)


def _detail(error: WotuError) -> str:
    """The message without the field's name in front, beside which it stands already."""
    return error.message.removeprefix(f"{error.field}: ") if error.field else error.message
