"""Addresses that look at codes: each code spends an attempt of the caller and the customer before it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import Caller, caller_of
from wotu.core.customer_ids import customer_number
from wotu.core.errors import WotuError
from wotu.loyalty.coupons import guessing
from wotu.loyalty.refusals import CouponRefusal

View = Callable[..., HttpResponse]


def number_of(identifier: str) -> int:
    """The number of the customer whom an identifier means; caps of coupons bind to it."""
    number = customer_number(workspace().customer_id(identifier))
    assert number is not None
    return number


@dataclass
class Guesses:
    """How many of the codes of a request turned out to be none."""

    unknown: int = 0


@contextmanager
def attempts(caller: Caller, customer: int, typed: Collection[object]) -> Iterator[Guesses]:
    """Around looking at codes: those that are none cost an attempt each."""
    spent = guessing.spend(typed, caller=caller.id, customer=customer, now=timezone.now())
    seen = Guesses()
    try:
        yield seen
    except WotuError as error:
        seen.unknown = int(error.given.get("refusal") == CouponRefusal.UNKNOWN_CODE)
        raise
    finally:
        guessing.give_back(max(spent - seen.unknown, 0), caller=caller.id, customer=customer)


def looks_at_codes(action: Action, typed: Callable[[Any], Collection[object]]) -> Callable[[View], View]:
    """Around a view whose body has a ``customer`` and the codes ``typed``.

    It stands outside the transaction of the view, so that a refusal keeps what it cost.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            caller, asked = caller_of(request), kwargs["asked"]
            caller.require(action)
            with attempts(caller, number_of(asked.customer), typed(asked)):
                return view(request, *args, **kwargs)

        return guarded

    return decorate
