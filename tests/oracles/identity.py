"""Which messages are of the same customer?

Rule "Customer": "a connected set of identifiers (type, value). Strong types join; two user_ids of one
namespace are never joined automatically. A weak id (device, anonymous id) is owned by the first customer an
`identify`/`alias` ties it to, its earlier events included; a later login by someone else joins nobody."
Every message with several strong identifiers joins them, whatever its type.

Example, in order of arrival: (0) a page with anonymous id a; (1) identify user u with a; (2) identify user v
with a; (3) a page with a; (4) identify user u with phone p; (5) identify user v with p. Then a is u's, so 0, 1,
3 and 4 are one customer; 2 and 5 are v's, whose claim on p is refused because u and v share a namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wotu.core.identifiers import STRONG, WEAK

Message = Mapping[str, str | None]
Identifier = tuple[str, str, str]
"""(type, namespace, value); the namespace is empty for every type but user_id."""


def resolve(messages: Sequence[Message]) -> list[int]:
    """Per message, the index of the first message of the customer it belongs to, identity as of the end."""
    customers: list[set[Identifier]] = []
    owners: dict[Identifier, Identifier] = {}
    for message in messages:
        if message["type"] == "alias":
            _alias(message, customers, owners)
        strong = strong_ids(message)
        for identifier in strong:
            if not any(identifier in customer for customer in customers):
                customers.append({identifier})
        for other in strong[1:]:
            _join(strong[0], other, customers)
        if message["type"] == "identify" and strong:
            _claim(strong[0], weak_ids(message), owners)
    homes = [_home(message, customers, owners) for message in messages]
    return [homes.index(home) for home in homes]


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


def _claim(owner: Identifier, weak: list[Identifier], owners: dict[Identifier, Identifier]) -> None:
    """Weak ids go to the first who claims them."""
    for identifier in weak:
        owners.setdefault(identifier, owner)


def _alias(message: Message, customers: list[set[Identifier]], owners: dict[Identifier, Identifier]) -> None:
    """previous_id goes to user_id "unless a user_id of that value is already known in the namespace".

    Already known: an earlier message carried it as its user_id.
    """
    user, previous = message.get("user_id"), message.get("previous_id")
    if user is None or previous is None:
        return
    namespace = message.get("namespace") or "default"
    if not any(("user_id", namespace, previous) in customer for customer in customers):
        owners.setdefault(("anonymous_id", "", previous), ("user_id", namespace, user))


def _join(one: Identifier, other: Identifier, customers: list[set[Identifier]]) -> None:
    """ "Strong types join", one by one, each to the message's first.

    "Two user_ids of one namespace are never joined automatically": such a join is refused as a whole.
    """
    left, right = _customer(one, customers), _customer(other, customers)
    if left is right:
        return
    namespaces = [namespace for kind, namespace, _ in left | right if kind == "user_id"]
    if len(namespaces) == len(set(namespaces)):
        left |= right
        customers[:] = [customer for customer in customers if customer is not right]


def _customer(identifier: Identifier, customers: list[set[Identifier]]) -> set[Identifier]:
    return next(customer for customer in customers if identifier in customer)


def _home(
    message: Message, customers: list[set[Identifier]], owners: dict[Identifier, Identifier]
) -> frozenset[Identifier]:
    """ "A message belongs to the owner of its user_id, else of its other strong ids, else of its anonymous id".

    Else its device id. The first identifier present decides; a weak id nobody owns is a customer by itself.
    """
    identifier = (strong_ids(message) + weak_ids(message))[0]
    if identifier in owners:
        identifier = owners[identifier]
    if identifier[0] in WEAK:
        return frozenset({identifier})
    return frozenset(_customer(identifier, customers))
