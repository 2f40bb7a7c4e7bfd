"""A question to the Customers page: what was searched, filtered and sorted, and which page of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from wotu.console.answers import workspace
from wotu.console.parameters import RfmParameters
from wotu.console.words import SEGMENTS

SORTS = ("revenue", "orders", "last_order", "last_seen", "first_seen", "name")
SIZES = (25, 50, 100, 200)
_DEFAULT_SORT = "-revenue"
_DEFAULT_SIZE = 50
_EXPORT_PAGE = 5_000


@dataclass(frozen=True)
class Listing:
    """Everything in the address of the page, checked; what is not understood takes its default."""

    search: str = ""
    trait: str = ""
    value: str = ""
    segment: str = ""
    sort: str = _DEFAULT_SORT
    size: int = _DEFAULT_SIZE
    page: int = 1
    parameters: RfmParameters = field(default_factory=lambda: RfmParameters.read({}))

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Listing:
        """The listing an address asks for. A trait filter reads ``trait=name:value``."""
        trait, _colon, value = query.get("trait", "").partition(":")
        sort, size, page = query.get("sort", ""), query.get("size", ""), query.get("page", "")
        segment = query.get("segment", "")
        return cls(
            search=query.get("q", "").strip()[:200],
            trait=trait if value else "",
            value=value,
            segment=segment if segment in SEGMENTS else "",
            sort=sort if sort.removeprefix("-") in SORTS else _DEFAULT_SORT,
            size=int(size) if size in {str(each) for each in SIZES} else _DEFAULT_SIZE,
            parameters=RfmParameters.read(query),
            page=int(page) if page.isascii() and page.isdigit() and int(page[:9]) >= 1 else 1,
        )

    @property
    def where(self) -> str:
        """The trait filter as a condition of the ``where`` grammar."""
        if not self.trait:
            return ""
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'trait.{self.trait} == "{escaped}"'

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.search or self.trait or self.segment)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    def query(self, **changes: Any) -> str:
        """The address part of this listing with some of it changed; defaults are left out."""
        own = {
            "q": self.search,
            "trait": f"{self.trait}:{self.value}" if self.trait else "",
            "segment": self.segment,
            "sort": "" if self.sort == _DEFAULT_SORT else self.sort,
            "size": "" if self.size == _DEFAULT_SIZE else self.size,
            "page": "" if self.page == 1 else self.page,
            **self.parameters.changed,
            **changes,
        }
        return urlencode({name: value for name, value in own.items() if value not in ("", None)})

    def rows(self) -> Any:
        """This page of customers, with the number there are in all."""
        return self._page(self.size, self.offset)

    def all_rows(self) -> Iterator[Any]:
        """Every customer of the listing, a page at a time."""
        offset = 0
        while True:
            page = self._page(_EXPORT_PAGE, offset)
            yield from page.rows
            offset += _EXPORT_PAGE
            if offset >= page.total:
                return

    def _page(self, limit: int, offset: int) -> Any:
        return workspace().customers(
            search=self.search, where=self.where, segment=self.segment, sort=self.sort, limit=limit, offset=offset,
            layers=self.parameters.arguments(),
        )  # fmt: skip
