"""What a caller may see of customers: identifiers whole, or masked on every page, in every file and answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from wotu.accounts.masking import is_personal, mask, mask_text, mask_value
from wotu.workspace.customer_table import CustomerRow
from wotu.workspace.profiles import Identifier


@dataclass(frozen=True)
class Sight:
    """How a face shows what may identify somebody. ``known`` are identifiers of the customer it is about."""

    whole: bool
    known: frozenset[str] = frozenset()

    def knowing(self, identifiers: Iterable[Identifier]) -> Sight:
        """The same sight on a customer with these identifiers."""
        return replace(self, known=frozenset(each.value for each in identifiers))

    def text(self, text: str) -> str:
        """A name, an event, or any other text that may hold an identifier."""
        return text if self.whole else mask_text(text, self.known)

    def value(self, name: str, value: Any) -> Any:
        """A trait or property."""
        return value if self.whole else mask_value(name, value, self.known)

    def identifiers(self, identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
        """A customer's identifiers."""
        if self.whole:
            return tuple(identifiers)
        return tuple(Identifier(each.type, mask(each.type, each.value), each.namespace) for each in identifiers)

    def row(self, row: CustomerRow) -> CustomerRow:
        """A line of the customers list. Who has no name is told apart by the Wotu id."""
        if self.whole:
            return row
        kind, colon, value = row.identifier.partition(":")
        name = mask_text(row.name, {value}) if row.name else row.customer_id
        return CustomerRow(
            customer_id=row.customer_id, identifier=f"{kind}{colon}{mask(kind, value)}" if colon else "", name=name,
            segment=row.segment, orders=row.orders, revenue=row.revenue, last_order=row.last_order,
            first_seen=row.first_seen, last_seen=row.last_seen, identified=row.identified,
        )  # fmt: skip

    def rows(self, rows: Iterable[CustomerRow]) -> Iterator[CustomerRow]:
        """Lines of the customers list."""
        return (self.row(row) for row in rows)

    def traits(self, traits: dict[str, list[tuple[str, int]]]) -> dict[str, list[tuple[str, int]]]:
        """Traits to filter by, without the values that would tell an identifier."""
        if self.whole:
            return traits
        kept = {name: values for name, values in traits.items() if not is_personal(name)}
        return {name: [pair for pair in values if mask_text(pair[0]) == pair[0]] for name, values in kept.items()}
