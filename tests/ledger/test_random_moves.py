"""Any interleaving of what can happen to value, over clock jumps, against a referee in plain lists.

The referee lets everything happen at its moment; the ledger carries it out when somebody comes by. Both must agree
whenever they are asked, and the ledger with itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.oracles.ledger import Limit, Lot, Points, Refused, Spend

from wotu.core.errors import WotuError
from wotu.ledger import accounts, hold_services, limit_services, moving_services, services
from wotu.ledger import models as stored
from wotu.ledger.choices import HoldState, Owner, Purpose
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

# The night in which a zone's clocks go forward follows.
START = datetime(2026, 3, 6, 23, 30, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
HOUR = timedelta(hours=1)

customers = st.integers(1, 3)
amounts = st.integers(1, 40)
keys = st.sampled_from(["cart:1", "cart:2", "cart:3"])
spans = st.sampled_from([HOUR / 2, HOUR, 24 * HOUR, 25 * HOUR, 48 * HOUR])
maybe_spans = st.none() | spans
maybe_amounts = st.none() | amounts


class Moves(RuleBasedStateMachine):
    """Every rule does the same to the ledger and to the referee, and wants the same refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.now = START
        self.turn = 0
        self.points = Points()
        self.grants: list[tuple[int, Lot]] = []
        self.spends: list[tuple[int, Spend]] = []
        self.sold: list[int] = []
        self.last: Callable[[], services.Receipt] | None = None

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(total=st.integers(0, 60), slices=st.none() | st.integers(1, 5))
    def open(self, total: int, slices: int | None) -> None:
        self.limit = Limit(total)
        self.account = limit_services.open_limit(
            Cause("sale", 1, "open", "shop", "open"), unit="points", owner=1, total=total, now=START, slices=slices
        )

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.now += span

    @rule(customer=customers, amount=amounts, waits=maybe_spans, lives=maybe_spans)
    def grant(self, customer: int, amount: int, waits: timedelta | None, lives: timedelta | None) -> None:
        available = self.now + waits if waits else None
        expires = (available or self.now) + lives if lives else None
        transfer = self.both(
            lambda cause: services.grant(
                cause, customer=customer, unit="points", amount=amount, now=self.now, available_at=available,
                expires_at=expires,
            ),
            lambda: self.grants.append((0, self.points.grant(customer, amount, self.now, available, expires)[1])),
        )  # fmt: skip
        self.grants[-1] = (transfer or 0, self.grants[-1][1])

    @rule(customer=customers, amount=amounts)
    def spend(self, customer: int, amount: int) -> None:
        spent: list[Spend] = []
        transfer = self.both(
            lambda cause: services.spend(cause, customer=customer, unit="points", amount=amount, now=self.now),
            lambda: spent.append(self.points.spend(customer, amount, self.now)),
        )
        self.spends += [(transfer, each) for each in spent if transfer is not None]

    @rule(customer=customers, key=keys, amount=amounts, span=spans)
    def hold(self, customer: int, key: str, amount: int, span: timedelta) -> None:
        until = self.now + span
        self.both(
            lambda _: hold_services.hold(
                key, customer=customer, unit="points", amount=amount, until=until, now=self.now
            ),
            lambda: self.points.hold(customer, key, amount, until, self.now),
        )

    @rule(key=keys)
    def release(self, key: str) -> None:
        self.both_tell(lambda: hold_services.release(key, now=self.now), lambda: self.points.release(key, self.now))

    @rule(key=keys, amount=maybe_amounts)
    def capture(self, key: str, amount: int | None) -> None:
        spent: list[Spend] = []
        transfer = self.both(
            lambda cause: hold_services.capture(cause, key, now=self.now, amount=amount),
            lambda: spent.append(self.points.capture(key, amount, self.now)),
        )
        self.spends += [(transfer, each) for each in spent if transfer is not None]

    @precondition(lambda self: self.spends)
    @rule(data=st.data(), amount=maybe_amounts, grace=st.sampled_from([timedelta(0), HOUR, 24 * HOUR]))
    def reverse_spend(self, data: st.DataObject, amount: int | None, grace: timedelta) -> None:
        transfer, spend = data.draw(st.sampled_from(self.spends))
        self.both(
            lambda cause: services.reverse_spend(cause, transfer, now=self.now, amount=amount, grace=grace),
            lambda: self.points.reverse_spend(spend, amount, self.now, grace),
        )

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), amount=maybe_amounts)
    def reverse_grant(self, data: st.DataObject, amount: int | None) -> None:
        transfer, lot = data.draw(st.sampled_from(self.grants))
        self.both(
            lambda cause: services.reverse_grant(cause, transfer, now=self.now, amount=amount),
            lambda: self.points.reverse_grant(lot, amount, self.now),
        )

    @rule(gone=customers, survivor=customers)
    def merge(self, gone: int, survivor: int) -> None:
        self.both(
            lambda cause: moving_services.merge_customers(cause, gone, survivor, now=self.now),
            lambda: self.points.merge(gone, survivor, self.now),
        )

    @rule(customer=customers)
    def forget(self, customer: int) -> None:
        moving_services.forget(customer)
        self.points.forget(customer)
        self.last = None

    @precondition(lambda self: self.last)
    @rule()
    def the_same_cause_again(self) -> None:
        assert self.last is not None
        assert self.last().repeated

    @rule(amount=amounts)
    def sell(self, amount: int) -> None:
        transfer = self.both(
            lambda cause: limit_services.spend_limit(cause, self.account, amount, unit="points", now=self.now),
            lambda: self.limit.spend(-1, amount, self.now),
        )
        self.sold_as(transfer)

    @rule(key=keys, amount=amounts, span=spans)
    def hold_limit(self, key: str, amount: int, span: timedelta) -> None:
        until = self.now + span
        self.both(
            lambda _: hold_services.hold_limit(
                f"limit:{key}", account=self.account, amount=amount, until=until, now=self.now
            ),
            lambda: self.limit.hold(key, amount, until, self.now),
        )

    @rule(key=keys)
    def release_limit(self, key: str) -> None:
        self.both_tell(
            lambda: hold_services.release(f"limit:{key}", now=self.now), lambda: self.limit.release(key, self.now)
        )

    @rule(key=keys, amount=maybe_amounts)
    def capture_limit(self, key: str, amount: int | None) -> None:
        transfer = self.both(
            lambda cause: hold_services.capture(cause, f"limit:{key}", now=self.now, amount=amount),
            lambda: self.limit.capture(-1, key, amount, self.now),
        )
        self.sold_as(transfer)

    @precondition(lambda self: self.sold)
    @rule(data=st.data(), amount=amounts)
    def give_back(self, data: st.DataObject, amount: int) -> None:
        transfer = data.draw(st.sampled_from(self.sold))
        self.both(
            lambda cause: limit_services.return_to_limit(cause, self.account, amount, reverses=transfer, now=self.now),
            lambda: self.limit.give_back(transfer, amount),
        )

    @rule(total=st.integers(0, 80))
    def resize(self, total: int) -> None:
        self.both(
            lambda cause: limit_services.resize_limit(cause, self.account, total=total, now=self.now),
            lambda: self.limit.resize(total, self.now),
        )

    @invariant()
    def all_agree(self) -> None:
        assert differences() == ()
        if not hasattr(self, "limit"):
            return
        room = limit_services.room(self.account, now=self.now)
        assert (room.limit, room.used, room.held) == (self.limit.total, self.limit.used(), self.limit.held(self.now))
        with transaction.atomic():
            for customer in range(1, 4):
                expected = self.points.of(customer, self.now)
                account = accounts.lock_up_to_date(customer, "points", self.now)
                kept = (
                    account.balance,
                    account.held,
                    balance(customer, Purpose.PENDING),
                    balance(customer, Purpose.DEBT),
                )
                wanted = (expected.balance(), self.points.held(expected), expected.pending(), -expected.owed)
                assert kept == wanted
                assert lots(customer) == [(lot.granted, lot.left, lot.expired, lot.taken_back) for lot in expected.lots]
            over = stored.Hold.objects.filter(state=HoldState.HELD, expires_at__lte=self.now, slice=None)
            assert not over.exists()
            assert differences() == ()
            transaction.set_rollback(True)

    def both(self, act: Callable[[Cause], object], expected: Callable[[], object]) -> int | None:
        """The transfer that both made, or ``None`` when both refused for the same reason."""
        self.turn += 1
        cause = Cause("club", 1, f"turn:{self.turn}", "buyer", "move")
        wanted, refused, made = None, None, None
        before = stored.Transfer.objects.count()
        try:
            expected()
        except Refused as refusal:
            wanted = str(refusal)
        try:
            made = act(cause)
        except WotuError as error:
            refused = error.code.value
        assert refused == wanted
        if refused is not None:
            assert stored.Transfer.objects.count() == before
        if not isinstance(made, services.Receipt):
            return None
        assert not made.repeated
        self.last = lambda: act(cause)  # type: ignore[assignment,return-value]
        return made.transfer

    def both_tell(self, act: Callable[[], bool], expected: Callable[[], bool]) -> None:
        assert act() == expected()

    def sold_as(self, transfer: int | None) -> None:
        if transfer is not None:
            self.sold.append(transfer)
            self.limit.spends[transfer] = self.limit.spends.pop(-1)


def balance(customer: int, purpose: Purpose) -> int:
    found = stored.Account.objects.filter(owner=customer, owner_kind=Owner.CUSTOMER, purpose=purpose)
    return found.values_list("balance", flat=True).first() or 0


def lots(customer: int) -> list[tuple[int, ...]]:
    found = stored.Lot.objects.filter(account__owner=customer, account__owner_kind=Owner.CUSTOMER).order_by("pk")
    return list(found.values_list("granted", "remaining", "expired", "taken_back"))


def test_pitfall_19_balances_are_what_the_referee_says_after_any_interleaving(points: str, examples: int) -> None:
    steps = settings(max_examples=examples, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(Moves, settings=steps)
