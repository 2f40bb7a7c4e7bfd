"""One root for every error a person can meet, and the one JSON shape they all have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """Machine-readable kinds of failure. The words are part of the public contract."""

    INVALID_ARGUMENT = "invalid_argument"
    INVALID_SETTING = "invalid_setting"
    INVALID_FILE = "invalid_file"
    INVALID_MAPPING = "invalid_mapping"
    INVALID_MESSAGE = "invalid_message"
    INVALID_EXPRESSION = "invalid_expression"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_PROPERTY = "unknown_property"
    UNKNOWN_CUSTOMER = "unknown_customer"
    AMBIGUOUS_IDENTIFIER = "ambiguous_identifier"
    NEWER_WORKSPACE = "newer_workspace"
    OLDER_WORKSPACE = "older_workspace"
    WORKSPACE_IN_USE = "workspace_in_use"
    LOST_SEGMENT = "lost_segment"
    SEGMENT_FAILED = "segment_failed"
    MISSING_DEPENDENCY = "missing_dependency"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    DISK_FULL = "disk_full"
    BAD_REQUEST = "bad_request"
    FORBIDDEN = "forbidden"
    IN_PROGRESS = "in_progress"
    REUSED_IDEMPOTENCY_KEY = "reused_idempotency_key"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    LIMIT_REACHED = "limit_reached"
    HOLD_ENDED = "hold_ended"
    NOTHING_TO_REVERSE = "nothing_to_reverse"
    COUPON_REFUSED = "coupon_refused"
    ORDER_REFUSED = "order_refused"
    LAUNCH_REFUSED = "launch_refused"
    PROMOTION_REFUSED = "promotion_refused"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


class Reason(StrEnum):
    """What is wrong with an argument, for faces that say it in their own words and language.

    ``SAID``: the message itself is in the language of the reader already.
    """

    SAID = "said"
    OUT_OF_RANGE = "out_of_range"
    TOO_SMALL = "too_small"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    OF_A_FILE = "of_a_file"
    TOO_MANY_PERIODS = "too_many_periods"
    TOO_MANY_FILTERS = "too_many_filters"
    NOT_A_CHOICE = "not_a_choice"
    NOT_A_DATE = "not_a_date"
    NOT_A_DURATION = "not_a_duration"
    NOT_A_TIME_ZONE = "not_a_time_zone"
    NOT_A_RULE = "not_a_rule"
    NOT_JSON = "not_json"
    NOT_A_FORMULA = "not_a_formula"
    NOT_BRACKETS = "not_brackets"
    NOT_RISING = "not_rising"
    NOT_FOR_GROUPS = "not_for_groups"
    NOT_IN_ANY_ORDER = "not_in_any_order"
    NOT_WITH_BRACKETS = "not_with_brackets"
    NEEDS_NUMBERS = "needs_numbers"
    REVENUE_OF_ORDERS = "revenue_of_orders"
    OF_EVENTS = "of_events"
    SAME_IN_ALL_EVENTS = "same_in_all_events"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    NEVER = "never"
    NO_EVENT = "no_event"
    NO_SUCH_STEP = "no_such_step"
    NO_STEP_AFTER = "no_step_after"
    FIRST_STEP = "first_step"
    OPTIONAL_STEP = "optional_step"
    TWO_STEPS = "two_steps"
    UNREADABLE = "unreadable"
    WRONG_OPERATOR = "wrong_operator"
    WRONG_VALUE = "wrong_value"


class WotuError(Exception):
    """A failure the reader can act on.

    ``message`` says what to do; ``field`` names the argument, column or setting at fault
    (``None`` when no single one is). ``reason`` says the same by a word, and ``given`` has the numbers and names it
    is about: who speaks another language than ``message`` writes a sentence from them.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, field: str | None = None, reason: Reason | None = None,
        given: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.reason = reason
        self.given = dict(given or {})

    def to_dict(self) -> dict[str, dict[str, str | None]]:
        """The JSON shape of an error on every face; a refusal has its reason besides, as a word for programs."""
        error = {"code": self.code.value, "message": self.message, "field": self.field}
        return {"error": error | {"reason": str(why)} if (why := self.given.get("refusal")) else error}

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.code, self.message, self.field, self.reason, self.given)


def _rebuild(
    code: ErrorCode, message: str, field: str | None, reason: Reason | None, given: Mapping[str, object]
) -> WotuError:
    return WotuError(code, message, field=field, reason=reason, given=given)


def invalid_argument(field: str, message: str, reason: Reason | None = None, **given: object) -> WotuError:
    """The error for a wrong parameter of a question or command."""
    return WotuError(ErrorCode.INVALID_ARGUMENT, message, field=field, reason=reason, given=given)
