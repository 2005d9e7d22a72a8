"""What the lists of brands, products and SKUs share: their page, their links, their counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from aiohttp import web
from yarl import URL

from web.catalog.searches import SEARCH_COUNT_EXACT
from web.database.keyset import Key, Order, Page, Position
from web.inputs import query_sort, query_text
from web.languages import gettext, thousands
from web.positions import encoded_key, encoded_sku_key, query_position, query_sku_position

PAGE_SIZE: Final = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SortLink:
    """A way to sort a list: `state` is "ascending", "descending", or None when not in use."""

    url: URL
    state: str | None


@dataclass(frozen=True, slots=True)
class Pager:
    """The links to a page's neighbors; None where the list ends."""

    previous_url: URL | None
    next_url: URL | None


@dataclass(frozen=True, slots=True)
class SortedList:
    """Which page of a list is asked for, and the links that lead on from it."""

    url: URL
    sort: str
    order: Order
    position: Position
    q: str | None

    @classmethod
    def from_request(
        cls, request: web.Request, sorts: Mapping[str, Order], default: str = "name"
    ) -> "SortedList":
        """Read the query of a list.

        Raises:
            web.HTTPBadRequest: a parameter cannot be understood.
        """
        sort, order = query_sort(request, sorts, default)
        position = query_position(request, sort, order)
        # "change" and "merged" are why a page was opened, and no part of the list.
        url = request.rel_url.without_query_params("after", "before", "change", "merged")
        return cls(url, sort, order, position, query_text(request, "q"))

    def pager(self, page: Page[T]) -> Pager:
        """Return the links to the neighbors of `page`."""
        return Pager(
            self.url.update_query(before=encoded_key(page.previous, self.sort))
            if page.previous
            else None,
            self.url.update_query(after=encoded_key(page.next, self.sort)) if page.next else None,
        )

    def sort_links(self, sorts: Mapping[str, Order]) -> dict[str, SortLink]:
        """Return a link for each sort; the sort in use turns around."""
        links = {}
        for name in sorts:
            in_use = self.sort.removeprefix("-") == name
            target = f"-{name}" if self.sort == name else name
            state = ("descending" if self.order.descending else "ascending") if in_use else None
            links[name] = SortLink(self.url.update_query(sort=target), state)
        return links

    def url_without(self, *names: str) -> URL:
        """Return the list's address without some of its parameters."""
        return self.url.without_query_params(*names)


@dataclass(frozen=True, slots=True)
class SkuList:
    """Which page of the SKUs is asked for, and the links that lead on from it."""

    url: URL
    position: Position

    @classmethod
    def from_request(cls, request: web.Request) -> "SkuList":
        """Read the position in the query.

        Raises:
            web.HTTPBadRequest: it cannot be understood.
        """
        return cls(
            request.rel_url.without_query_params("after", "before", "change", "merged"),
            query_sku_position(request),
        )

    def pager(self, page: Page[T]) -> Pager:
        """Return the links to the neighbors of `page`."""

        def link(direction: str, key: Key | None) -> URL | None:
            return self.url.update_query({direction: encoded_sku_key(key)}) if key else None

        return Pager(link("before", page.previous), link("after", page.next))

    def url_without(self, *names: str) -> URL:
        """Return the list's address without some of its parameters."""
        return self.url.without_query_params(*names)


def count_text(count: int, *, searched: bool) -> str:
    """Return a count for the title; of a search it is exact up to a limit."""
    if searched and count > SEARCH_COUNT_EXACT:
        return gettext("more than %(count)s") % {"count": thousands(SEARCH_COUNT_EXACT)}
    return thousands(count)
