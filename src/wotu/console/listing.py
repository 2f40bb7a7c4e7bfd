"""A question to the Customers page: what was searched, filtered and sorted, and which page of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from wotu.accounts.sight import Sight
from wotu.console.answers import found_exactly, workspace
from wotu.console.parameters import RfmParameters
from wotu.console.whom import Whom
from wotu.console.words import SEGMENTS
from wotu.core.errors import Reason, invalid_argument

SORTS = ("revenue", "orders", "last_order", "last_seen", "first_seen", "name")
SIZES = (25, 50, 100, 200)
# The columns beside the customer's name, which is always there.
COLUMNS = ("segment", "orders", "revenue", "last_order", "first_seen", "last_seen")
_DEFAULT_SORT = "-revenue"
_DEFAULT_SIZE = 50
_EXPORT_PAGE = 5_000
_PAGE_DIGITS = 9


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
    columns: tuple[str, ...] = COLUMNS
    whom: Whom = field(default_factory=Whom)
    parameters: RfmParameters = field(default_factory=lambda: RfmParameters.read({}))
    by_name: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str], *, by_name: bool = False) -> Listing:
        """The listing an address asks for. A trait filter reads ``trait=name:value``.

        ``by_name``: a search finds parts of names and whole identifiers, never parts of identifiers,
        which would tell them letter by letter.
        """
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
            columns=_columns(query),
            whom=Whom.read(query, Sight(whole=not by_name)),
            parameters=RfmParameters.read(query),
            by_name=by_name,
            page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) <= _PAGE_DIGITS else 1,
        )

    @property
    def where(self) -> str:
        """The trait filter as a condition of the ``where`` grammar."""
        if not self.trait:
            return ""
        if "`" in self.trait:
            raise invalid_argument("trait", _("A trait whose name has a backquote cannot be filtered by."), Reason.SAID)
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'`trait.{self.trait}` == "{escaped}"'

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.search or self.trait or self.segment or self.whom)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def chosen_columns(self) -> list[tuple[str, str]]:
        """The columns for an address, where not all are shown."""
        return [] if self.columns == COLUMNS else [("col", name) for name in self.columns]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What the fields of the page do not ask for and a new filter must keep."""
        sort = [] if self.sort == _DEFAULT_SORT else [("sort", self.sort)]
        return [*sort, *self.whom.pairs, *self.chosen_columns, *self.parameters.changed.items()]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The whole listing but for its columns and page."""
        return [pair for pair in parse_qsl(self.query(page="")) if pair[0] != "col"]

    @property
    def without_whom(self) -> str:
        """The address part of this listing among all customers."""
        return replace(self, whom=Whom(), page=1).query()

    def query(self, **changes: Any) -> str:
        """The address part of this listing with some of it changed; defaults are left out."""
        own = {
            "q": self.search,
            "trait": f"{self.trait}:{self.value}" if self.trait else "",
            "segment": self.segment,
            "sort": "" if self.sort == _DEFAULT_SORT else self.sort,
            "size": "" if self.size == _DEFAULT_SIZE else self.size,
            "page": "" if self.page == 1 else self.page,
            **dict(self.whom.pairs),
            **self.parameters.changed,
            **changes,
        }
        pairs = [(name, value) for name, value in own.items() if value not in ("", None)]
        return urlencode([*pairs, *self.chosen_columns])

    @cached_property
    def _found(self) -> tuple[str, list[str] | None]:
        """What to search for and among whom: a search that names one customer exactly is that one."""
        among = self.whom.customers(self.parameters)
        exactly = found_exactly(self.search, by_name=self.by_name)
        if not exactly:
            return self.search, among
        return "", [each for each in exactly if among is None or each in among]

    def shown(self) -> tuple[Listing, Any]:
        """This page of customers, with the number there are in all; beyond the end, the last page instead."""
        page = self._page(self.size, self.offset)
        last = self.last_page(page.total)
        return (self, page) if self.page <= last else replace(self, page=last).shown()

    def last_page(self, total: int) -> int:
        """The number of the last page of so many customers."""
        return max(-(-total // self.size), 1)

    def all_rows(self) -> Iterator[Any]:
        """Every customer of the listing, a page at a time."""
        offset = 0
        while True:
            page = self._page(_EXPORT_PAGE, offset)
            yield from page.rows
            offset += _EXPORT_PAGE
            if offset >= page.total:
                return

    def total(self) -> int:
        """How many customers the listing has on all its pages."""
        return int(self._page(1, 0).total)

    def _page(self, limit: int, offset: int) -> Any:
        search, among = self._found
        return workspace().customers(
            search=search, where=self.where, segment=self.segment, sort=self.sort, limit=limit, offset=offset,
            layers=self.whom.layers(self.parameters), among=among, by_name=self.by_name,
        )  # fmt: skip


def _columns(query: Mapping[str, str]) -> tuple[str, ...]:
    """The columns an address chooses, in their own order; all of them where it names none."""
    asked = query.getlist("col") if isinstance(query, QueryDict) else [query.get("col", "")]
    return tuple(name for name in COLUMNS if name in asked) or COLUMNS
