"""Which messages are of the same customer?

Rule "Customer": "a connected set of identifiers (type, value). Strong types join; two user_ids of one
namespace are never joined automatically. A weak id (device, anonymous id) is owned by the first customer an
`identify`/`alias` ties it to, its earlier events included, until split; a later login by someone else joins
nobody." Every message with several strong identifiers joins them, whatever its type.

People decide too. A merge joins two customers whatever the rules of evidence say. A split takes one identifier
off its customer: the others stay together and are the customer it was taken from; evidence does not bring a
strong identifier back to that customer, a merge does; a weak one may be claimed anew. The only identifier of a
customer is not split off. Evidence joins nobody when a type of identifier that both sides have would come to
more than ``most``.

Example, in order of arrival: (0) a page with anonymous id a; (1) identify user u with a; (2) identify user v
with a; (3) a page with a; (4) identify user u with phone p; (5) identify user v with p. Then a is u's, so 0, 1,
3 and 4 are one customer; 2 and 5 are v's, whose claim on p is refused because u and v share a namespace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from wotu.core.identifiers import STRONG, WEAK

Message = Mapping[str, Any]
"""A merge names two earlier messages in ``of``; a split an identifier in ``kind``, ``namespace``, ``value``."""
Identifier = tuple[str, str, str]
"""(type, namespace, value); the namespace is empty for every type but user_id."""


class Customer:
    """A person as far as is known; stays the same object when identifiers come and go."""

    def __init__(self, first: Identifier) -> None:
        self.ids = {first}


class Book:
    """All customers, and which identifier must not come back to which of them by evidence."""

    def __init__(self, most: int) -> None:
        self.customers: list[Customer] = []
        self.apart: list[tuple[Identifier, Customer]] = []
        self.most = most

    def of(self, identifier: Identifier) -> Customer | None:
        return next((customer for customer in self.customers if identifier in customer.ids), None)

    def known(self, identifier: Identifier) -> Customer:
        found = self.of(identifier)
        if found is None:
            found = Customer(identifier)
            self.customers.append(found)
        return found

    def join_by_evidence(self, one: Identifier, other: Identifier) -> None:
        """ "Two user_ids of one namespace are never joined automatically": the join is refused as a whole."""
        left, right = self.known(one), self.known(other)
        if left is right:
            return
        spaces = [{namespace for kind, namespace, _ in side.ids if kind == "user_id"} for side in (left, right)]
        if spaces[0] & spaces[1]:
            return
        for identifier, customer in self.apart:
            if (identifier in left.ids and customer is right) or (identifier in right.ids and customer is left):
                return
        counts = [Counter(kind for kind, _, _ in side.ids) for side in (left, right)]
        if any(counts[0][kind] + counts[1][kind] > self.most for kind in counts[0].keys() & counts[1].keys()):
            return
        self.join(left, right)

    def join(self, left: Customer, right: Customer) -> None:
        left.ids |= right.ids
        self.customers.remove(right)
        self.apart = [(identifier, left if of is right else of) for identifier, of in self.apart]

    def merge(self, left: Customer, right: Customer) -> None:
        if left is not right:
            self.join(left, right)
            self.apart = [(identifier, of) for identifier, of in self.apart if identifier not in of.ids]

    def split(self, identifier: Identifier) -> None:
        customer = self.of(identifier)
        if customer is None or len(customer.ids) == 1:
            return
        customer.ids.remove(identifier)
        self.customers.append(Customer(identifier))
        if identifier[0] in STRONG:
            self.apart.append((identifier, customer))

    def claim(self, owner: Identifier, weak: Identifier) -> None:
        """A weak identifier without anybody strong is free; otherwise it is somebody's already."""
        if all(kind in WEAK for kind, _, _ in self.known(weak).ids):
            self.join_by_evidence(owner, weak)


def resolve(messages: Sequence[Message], most: int = 50) -> list[int]:
    """Per message, the index of the first message of the customer it belongs to, identity as of the end.

    A merge or a split belongs to nobody and stands for itself.
    """
    book = Book(most)
    for message in messages:
        if message["type"] == "merge":
            left, right = (book.known(main_id(messages[place])) for place in message["of"])
            book.merge(left, right)
        elif message["type"] == "split":
            book.split((message["kind"], message["namespace"], message["value"]))
        else:
            _take(message, book)
    homes: list[object] = [
        place if message["type"] in {"merge", "split"} else book.known(main_id(message))
        for place, message in enumerate(messages)
    ]
    return [homes.index(home) for home in homes]


def _take(message: Message, book: Book) -> None:
    strong, weak = strong_ids(message), weak_ids(message)
    if message["type"] == "alias":
        # "Unless a user_id of that value is already known in the namespace": an earlier message carried it.
        namespace = message.get("namespace") or "default"
        taken = book.of(("user_id", namespace, message["previous_id"])) is not None
        weak = [] if taken else [("anonymous_id", "", message["previous_id"])]
    book.known(main_id(message))
    for other in strong[1:]:
        book.join_by_evidence(strong[0], other)
    if message["type"] in {"identify", "alias"} and strong:
        for identifier in weak:
            book.claim(strong[0], identifier)


def main_id(message: Message) -> Identifier:
    """ "A message belongs to the owner of its user_id, else of its other strong ids, else of its anonymous id".

    Else its device id: the first identifier present decides.
    """
    return (strong_ids(message) + weak_ids(message))[0]


def strong_ids(message: Message) -> list[Identifier]:
    """Strong identifiers in the order in which a message looks for its owner; "`user_id` within its namespace"."""
    found: list[Identifier] = []
    for kind in STRONG:
        value = message.get(kind)
        if value is not None:
            namespace = (message.get("namespace") or "default") if kind == "user_id" else ""
            found.append((kind, namespace, value))
    return found


def weak_ids(message: Message) -> list[Identifier]:
    """Anonymous id, then device id; `previous_id` of an alias "is treated as an anonymous id"."""
    found: list[Identifier] = []
    for kind in WEAK:
        value = message.get(kind)
        if value is not None:
            found.append((kind, "", value))
    previous = message.get("previous_id")
    if message["type"] == "alias" and previous is not None:
        found.append(("anonymous_id", "", previous))
    return found
