"""Whatever orders do, and however time jumps, no more of a promotion is out than its caps allow, and no less is free.

The referee counts, from its own notes of orders, what is paid and not returned, and what is held and not over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from tests.loyalty.clubs import NOW, ZONE, cart

from wotu.core.errors import WotuError
from wotu.ledger import limit_services
from wotu.ledger.proof import differences
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.models import Campaign, PromotionSlot
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.promotions.services import Slot, Terms, create_promotion

LOW, LIST, OFF, FROM = 100, 1_000, 300, 2_000
HOLD = timedelta(minutes=15)


class Note(NamedTuple):
    """An order as the referee knows it: pieces at the low price, off by the other promotion, and what came back."""

    customer: int
    pieces: int
    low: int
    off: int
    state: str
    until: object
    returned: int = 0

    @property
    def low_out(self) -> int:
        return self.low - (self.low * self.returned // self.pieces if self.returned < self.pieces else self.low)


class Caps(RuleBasedStateMachine):
    """Two customers, pieces at a low price, and an amount off from a sum, whose budget is small."""

    @initialize(stock=st.integers(1, 6), share=st.integers(1, 4), budget=st.integers(0, 3))
    def begin(self, stock: int, share: int, budget: int) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now, self.stock, self.share, self.budget = NOW, stock, share, budget * OFF
        self.notes: dict[str, Note] = {}
        self.numbers = 0
        sale = campaign_services.create_campaign("sale", "Sale", by="ann", now=NOW)
        low = {"effect": {"type": "flash_price", "prices": {"tea": LOW}}}
        create_promotion(sale, Terms("Low", low, per_customer=share, slots=[Slot(total=stock)]), by="ann", now=NOW)
        off = campaign_services.create_campaign("off", "Off", by="ann", now=NOW, budget=self.budget)
        some = {"effect": {"type": "amount_off", "amount": OFF}, "threshold": {"amount": FROM}, "measured_at": "list"}
        create_promotion(off, Terms("Off", some), by="ann", now=NOW)
        for each in (sale, off):
            campaign_services.launch(each, by="ann", now=NOW)

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            assert differences() == ()
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def alive(self, but: str = "") -> list[Note]:
        return [
            note for name, note in self.notes.items()
            if name != but and (note.state == "paid" or (note.state == "held" and note.until > self.now))  # type: ignore[operator]
        ]  # fmt: skip

    def out(self, but: str, customer: int | None = None) -> int:
        return sum(each.low_out for each in self.alive(but) if customer in (None, each.customer))

    def spent(self, but: str) -> int:
        return sum(each.off - self.back(each) for each in self.alive(but))

    @staticmethod
    def back(note: Note) -> int:
        return note.off if note.returned >= note.pieces else note.off * note.returned // note.pieces

    @rule(customer=st.sampled_from([7, 8]), pieces=st.integers(1, 4), again=st.booleans())
    def hold(self, customer: int, pieces: int, again: bool) -> None:
        mine = [name for name, note in self.notes.items() if note.state != "paid" and note.customer == customer]
        if again and mine:
            name = mine[-1]
        else:
            self.numbers += 1
            name = f"o{self.numbers}"
        low = min(pieces, self.stock - self.out(name), self.share - self.out(name, customer))
        wanted = OFF if pieces * LIST >= FROM else 0
        # What is left to pay is never less than nothing.
        wanted = min(wanted, low * LOW + (pieces - low) * LIST)
        off = wanted if self.spent(name) + wanted <= self.budget else 0
        priced = order_services.hold(
            name, customer, cart(("tea", pieces, LIST)), until=self.now + HOLD, now=self.now, zone=ZONE
        )
        assert priced.payable == low * LOW + (pieces - low) * LIST - off
        self.notes[name] = Note(customer, pieces, low, off, "held", self.now + HOLD)

    @precondition(lambda self: self.notes)
    @rule(pick=st.integers(0, 30))
    def pay(self, pick: int) -> None:
        name = sorted(self.notes)[pick % len(self.notes)]
        note = self.notes[name]
        late = note.state == "held" and note.until <= self.now  # type: ignore[operator]
        fits = not late or (
            self.out(name) + note.low <= self.stock
            and self.out(name, note.customer) + note.low <= self.share
            and self.spent(name) + note.off <= self.budget
        )
        try:
            order_services.pay(name, now=self.now)
        except WotuError:
            assert note.state == "released" or not fits
        else:
            assert note.state == "paid" or fits
            self.notes[name] = note._replace(state="paid")

    @precondition(lambda self: self.notes)
    @rule(pick=st.integers(0, 30))
    def release(self, pick: int) -> None:
        name = sorted(self.notes)[pick % len(self.notes)]
        if self.notes[name].state == "held":
            order_services.release(name, now=self.now)
            self.notes[name] = self.notes[name]._replace(state="released")

    @precondition(lambda self: any(note.state == "paid" for note in self.notes.values()))
    @rule(pick=st.integers(0, 30), pieces=st.integers(1, 3))
    def give_back(self, pick: int, pieces: int) -> None:
        paid = sorted(name for name, note in self.notes.items() if note.state == "paid")
        name = paid[pick % len(paid)]
        note = self.notes[name]
        count = min(pieces, note.pieces - note.returned)
        if count:
            order_services.give_back(name, f"r{note.returned}", {"tea": count}, now=self.now)
            self.notes[name] = note._replace(returned=note.returned + count)

    @rule(step=st.sampled_from([timedelta(seconds=1), HOLD, timedelta(hours=1)]))
    def wait(self, step: timedelta) -> None:
        self.now += step

    @invariant()
    def counters_agree(self) -> None:
        if not hasattr(self, "atomic"):
            return
        slot = PromotionSlot.objects.get(promotion__name="Low")
        found = limit_services.room(slot.account or 0, now=self.now)
        paid = [note for note in self.notes.values() if note.state == "paid"]
        assert found.used == sum(note.low_out for note in paid)
        assert found.used + found.held == self.out("") <= self.stock
        money = limit_services.room(Campaign.objects.get(code="off").budget_account or 0, now=self.now)
        assert money.used == sum(note.off - self.back(note) for note in paid)
        assert money.used + money.held == self.spent("") <= self.budget


@pytest.mark.django_db
def test_no_more_is_out_than_caps_allow_and_no_less_is_free() -> None:
    run_machine(
        Caps,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip
