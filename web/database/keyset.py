"""Keyset pages: the rows behind or before a row, found by index and not by counting.

A page that is reached by its neighbor's last row costs the same at the end of a
list as at its start, and no row is skipped or shown twice when others come in
between. Every order ends in an id, so that it is total.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Generic, TypeVar

from web.database.pool import Pool, fetch_rows
from web.database.queries import Query

Key = tuple[str | int | datetime, int]

T = TypeVar("T")

_SQL_TYPES: Final[dict[type, str]] = {str: "text", int: "bigint", datetime: "timestamptz"}


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list by two of its query's columns, of which the second is an id.

    `table` is where both come from. A query that joins has an id in several tables, and only
    an index of one table holds both. `joined_on` names the columns of other tables that the
    first one is joined on: a merge join would else read those tables from their start, up to
    the page (50,000 products and 40 ms in the middle of 100,000).
    """

    table: str
    columns: tuple[str, str]
    key_type: type[str] | type[int] | type[datetime]
    descending: bool = False
    joined_on: tuple[str, ...] = ()

    def reversed(self) -> "Order":
        """Return the same order from the other end."""
        return replace(self, descending=not self.descending)


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a list a page is: behind a row, before a row, or (neither) at the start."""

    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, and the keys from which its neighbors continue.

    `previous` is the key to ask `before`, `next` the key to ask `after`; None where
    the list ends.
    """

    rows: list[T]
    previous: Key | None
    next: Key | None


async def fetch_page(  # a page is a list, an order, a position and a size
    pool: Pool,
    row_type: type[T],
    query: Query,
    order: Order,
    position: Position,
    *,
    size: int,
    **values: object,
) -> Page[T]:
    """Return the page of `query` at `position`, of at most `size` rows.

    A page before a row that would come out short is the first page in full.
    """
    backward = position.before is not None
    key = position.before if backward else position.after
    walked = order.reversed() if backward else order
    rows = await fetch_rows(
        pool,
        row_type,
        keyset_query(query, walked, from_start=key is None, limit=size + 1),
        page_key=key and key[0],
        page_id=key and key[1],
        **values,
    )
    more = len(rows) > size
    rows = rows[:size]
    if backward and not more:
        return await fetch_page(pool, row_type, query, order, Position(), size=size, **values)
    if backward:
        rows.reverse()
    key_of = _key_reader(order)
    has_previous = more if backward else position.after is not None
    has_next = backward or more
    return Page(
        rows,
        previous=key_of(rows[0]) if rows and has_previous else None,
        next=key_of(rows[-1]) if rows and has_next else None,
    )


@lru_cache(maxsize=256)
def keyset_query(query: Query, order: Order, *, from_start: bool, limit: int) -> Query:
    """Return `query` cut down to a page: `limit` rows behind (`:page_key`, `:page_id`).

    The query ends in a `where`. The planner is told what it may rely on and spared what misleads
    it, so that it walks an index in order whether it plans for the values or for any:

    - The limit is a number. Of a parameter a plan for any values knows nothing, takes it for a
      tenth of the rows, and walks 100,000 products for the 100 of one brand (10 ms).
    - The key is a subquery. After a load all rows share a moment, of which the planner knows that
      no row is behind it; for no rows any plan will do, and it sorts the table (30 ms).
    """
    columns = [f"{order.table}.{column}" for column in order.columns]
    sign, direction = ("<", " desc") if order.descending else (">", "")
    ordered = ", ".join(column + direction for column in columns)
    key = f"(select :page_key::{_SQL_TYPES[order.key_type]})"
    behind = [
        f"and ({', '.join(columns)}) {sign} ({key}, (select :page_id::bigint))",
        *(f"and {column} {sign}= {key}" for column in order.joined_on),
    ]
    parts = [query.text, *([] if from_start else behind), f"order by {ordered}", f"limit {limit}"]
    return Query(f"{query.name} by {ordered}", "\n".join(parts))


def _key_reader(order: Order) -> Callable[[object], Key]:
    first, second = order.columns
    return lambda row: (getattr(row, first), getattr(row, second))
