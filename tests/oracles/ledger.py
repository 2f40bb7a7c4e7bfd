"""What do customers have of one unit, and what is left of a limit?

Rule "The ledger": points arrive in lots (pending, active, spent or expired). A spend draws the earliest expiry first,
then the oldest. Reversing a spend returns to the same lots; reversing an earning already spent makes a debt, repaid
first by later earnings. A hold keeps an amount for its owner and dies by itself; a limit is never overspent and never
refused while something is left.

Where the rule is silent:
- silent: everything happens at its moment: a hold ends, then what waits can be spent, then what is over expires, then
  what is owed is repaid.
- silent: holds keep the earliest expiry first; what they keep expires when they end.
- silent: a spend returns to the last drawn lot first; to a lot that is over it returns for a grace, or expires at once.
- silent: reversing a grant takes what is left of its lot and is free, then what of it expired, then other lots, in the
  order of a spend; the rest is owed.
- silent: reversals are refused when they ask for more than is left to reverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


class Refused(Exception):
    """The refusal, by its code."""


@dataclass
class Lot:
    """Value that came together."""

    granted: int
    left: int
    available: datetime | None
    expires: datetime | None
    expired: int = 0
    taken_back: int = 0

    def over(self, at: datetime) -> bool:
        return self.expires is not None and self.expires <= at


@dataclass
class Held:
    """A hold; ``used`` once it was captured."""

    owner: object
    amount: int
    until: datetime
    state: str = "held"


@dataclass
class Spend:
    """What a spend drew: [lot, amount], and what of it returned, in the same places."""

    drawn: list[tuple[Lot, int]]
    back: list[int]


@dataclass
class Customer:
    """Lots in the order in which they came, and what is owed."""

    lots: list[Lot] = field(default_factory=list)
    owed: int = 0
    seen: datetime | None = None

    def balance(self) -> int:
        return sum(lot.left for lot in self.lots if lot.available is None)

    def pending(self) -> int:
        return sum(lot.left for lot in self.lots if lot.available is not None)


class Points:
    """Customers' points, every rule in plain lists."""

    def __init__(self) -> None:
        self.customers: dict[int, Customer] = {}
        self.holds: dict[str, Held] = {}
        self.order: list[Lot] = []

    def of(self, number: int, now: datetime) -> Customer:
        """A customer as of ``now``."""
        customer = self.customers.setdefault(number, Customer())
        moments = {now}
        for lot in customer.lots:
            moments |= {each for each in (lot.available, lot.expires) if each is not None}
        moments |= {hold.until for hold in self.holds.values() if hold.owner is customer}
        for moment in sorted(moments):
            if moment <= now and (customer.seen is None or moment > customer.seen):
                self._pass(customer, moment)
        customer.seen = now
        return customer

    def held(self, customer: Customer) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.owner is customer and hold.state == "held")

    def free(self, customer: Customer) -> int:
        return customer.balance() - self.held(customer)

    def grant(
        self, number: int, amount: int, now: datetime, available: datetime | None, expires: datetime | None
    ) -> tuple[Customer, Lot]:
        customer = self.of(number, now)
        lot = self._add(customer, amount, available, expires)
        self._settle(customer, now)
        return customer, lot

    def spend(self, number: int, amount: int, now: datetime) -> Spend:
        customer = self.of(number, now)
        self._want(customer, amount)
        return self._draw(customer, amount, now, kept=False)

    def hold(self, number: int, key: str, amount: int, until: datetime, now: datetime) -> None:
        customer = self.of(number, now)
        old = self.holds.get(key)
        if old is not None and old.state == "captured":
            raise Refused("hold_ended")
        if old is not None and old.owner is not customer:
            raise Refused("invalid_argument")
        own = old.amount if old is not None and old.state == "held" else 0
        self._want(customer, amount - own)
        self.holds[key] = Held(customer, amount, until)
        self._pass(customer, now)

    def release(self, key: str, now: datetime) -> bool:
        held = self._live(key, now)
        if held is None:
            return False
        held.state = "released"
        assert isinstance(held.owner, Customer)
        self._pass(held.owner, now)
        return True

    def capture(self, key: str, amount: int | None, now: datetime) -> Spend:
        held = self._live(key, now)
        if held is None:
            raise Refused("hold_ended")
        if amount is not None and amount > held.amount:
            raise Refused("invalid_argument")
        assert isinstance(held.owner, Customer)
        held.state = "captured"
        spent = self._draw(held.owner, held.amount if amount is None else amount, now, kept=True)
        self._pass(held.owner, now)
        return spent

    def reverse_spend(self, spend: Spend, amount: int | None, now: datetime, grace: timedelta) -> None:
        owner = self._owner(spend.drawn[0][0], now)
        left = sum(amount for _, amount in spend.drawn) - sum(spend.back)
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            raise Refused("nothing_to_reverse")
        for place in reversed(range(len(spend.drawn))):
            lot, drawn = spend.drawn[place]
            part = min(wanted, drawn - spend.back[place])
            if not part:
                continue
            spend.back[place] += part
            wanted -= part
            if not lot.over(now):
                lot.left += part
            elif grace:
                self._add(owner, part, None, now + grace)
            else:
                lot.expired += part
        self._settle(owner, now)

    def reverse_grant(self, lot: Lot, amount: int | None, now: datetime) -> None:
        owner = self._owner(lot, now)
        left = lot.granted - lot.taken_back
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            raise Refused("nothing_to_reverse")
        lot.taken_back += wanted
        can = lot.left if lot.available is not None else min(lot.left, self.free(owner))
        own = min(wanted, can)
        lot.left -= own
        unspent = min(wanted - own, lot.expired)
        lot.expired -= unspent
        others = min(wanted - own - unspent, self.free(owner))
        self._draw(owner, others, now, kept=False)
        owner.owed += wanted - own - unspent - others

    def merge(self, gone: int, survivor: int, now: datetime) -> None:
        if gone == survivor or gone not in self.customers:
            return
        source, target = self.of(gone, now), self.of(survivor, now)
        target.lots += source.lots
        target.lots.sort(key=self._age)
        target.owed += source.owed
        source.lots, source.owed = [], 0
        for held in self.holds.values():
            if held.owner is source:
                held.owner = target
        self._settle(target, now)

    def forget(self, number: int) -> None:
        gone = self.customers.pop(number, Customer())
        for key in [key for key, held in self.holds.items() if held.owner is gone]:
            del self.holds[key]

    def _pass(self, customer: Customer, at: datetime) -> None:
        """What happens at one moment."""
        for held in self.holds.values():
            if held.owner is customer and held.state == "held" and held.until <= at:
                held.state = "expired"
        for lot in customer.lots:
            if lot.available is not None and lot.available <= at:
                lot.available = None
        over = [lot for lot in self._in_order(customer) if lot.over(at)]
        too_much = sum(lot.left for lot in over) - self.held(customer)
        for lot in reversed(over):
            part = max(0, min(too_much, lot.left))
            lot.left -= part
            lot.expired += part
            too_much -= part
        self._settle(customer, at)

    def _settle(self, customer: Customer, at: datetime) -> None:
        amount = min(customer.owed, self.free(customer))
        if amount > 0:
            self._draw(customer, amount, at, kept=False)
            customer.owed -= amount

    def _draw(self, customer: Customer, amount: int, at: datetime, *, kept: bool) -> Spend:
        spend = Spend([], [])
        for lot in self._in_order(customer):
            part = 0 if lot.over(at) and not kept else min(lot.left, amount)
            if part:
                lot.left -= part
                amount -= part
                spend.drawn.append((lot, part))
                spend.back.append(0)
        assert amount == 0
        return spend

    def _in_order(self, customer: Customer) -> list[Lot]:
        active = [lot for lot in customer.lots if lot.available is None]
        return sorted(active, key=lambda lot: (lot.expires is None, lot.expires or datetime.max, self._age(lot)))

    def _age(self, lot: Lot) -> int:
        return next(place for place, each in enumerate(self.order) if each is lot)

    def _add(self, customer: Customer, amount: int, available: datetime | None, expires: datetime | None) -> Lot:
        lot = Lot(amount, amount, available, expires)
        self.order.append(lot)
        customer.lots.append(lot)
        return lot

    def _want(self, customer: Customer, amount: int) -> None:
        if amount > self.free(customer):
            raise Refused("insufficient_balance")

    def _live(self, key: str, now: datetime) -> Held | None:
        held = self.holds.get(key)
        if held is None:
            return None
        assert isinstance(held.owner, Customer)
        number = next(number for number, each in self.customers.items() if each is held.owner)
        self.of(number, now)
        return held if held.state == "held" else None

    def _owner(self, lot: Lot, now: datetime) -> Customer:
        for number, customer in self.customers.items():
            if any(each is lot for each in customer.lots):
                return self.of(number, now)
        raise Refused("nothing_to_reverse")


class Limit:
    """A limit as three numbers."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.spends: dict[int, int] = {}
        self.holds: dict[str, Held] = {}

    def used(self) -> int:
        return sum(self.spends.values())

    def held(self, now: datetime) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.state == "held" and hold.until > now)

    def left(self, now: datetime) -> int:
        return self.total - self.used() - self.held(now)

    def spend(self, number: int, amount: int, now: datetime) -> None:
        if amount > self.left(now):
            raise Refused("limit_reached")
        self.spends[number] = amount

    def hold(self, key: str, amount: int, until: datetime, now: datetime) -> None:
        old = self.holds.get(key)
        if old is not None and old.state == "captured":
            raise Refused("hold_ended")
        own = old.amount if old is not None and old.state == "held" and old.until > now else 0
        if amount > self.left(now) + own:
            raise Refused("limit_reached")
        self.holds[key] = Held(self, amount, until)

    def release(self, key: str, now: datetime) -> bool:
        held = self.holds.get(key)
        if held is None or held.state != "held" or held.until <= now:
            return False
        held.state = "released"
        return True

    def capture(self, number: int, key: str, amount: int | None, now: datetime) -> None:
        held = self.holds.get(key)
        if held is None or held.state != "held" or held.until <= now:
            raise Refused("hold_ended")
        if amount is not None and amount > held.amount:
            raise Refused("invalid_argument")
        held.state = "captured"
        self.spends[number] = held.amount if amount is None else amount

    def give_back(self, number: int, amount: int) -> None:
        if amount > self.spends[number]:
            raise Refused("nothing_to_reverse")
        self.spends[number] -= amount

    def resize(self, total: int, now: datetime) -> None:
        if total < self.used() + self.held(now):
            raise Refused("invalid_argument")
        self.total = total
