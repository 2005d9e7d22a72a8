"""Sizes: the small table of them, and creating one."""

from dataclasses import dataclass

import asyncpg

from web.catalog.variants import Size
from web.database.pool import Connection, Pool, fetch, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("sizes")
LIST_COUNTED_SIZES = _QUERIES["list_counted_sizes"]
INSERT_SIZE = _QUERIES["insert_size"]
GET_SIZE_NAMED = _QUERIES["get_size_named"]


class DuplicateSizeError(Exception):
    """A size of the same name exists already; nothing was saved."""


class NoMoreSizesError(Exception):
    """All numbers that a size can have are used up (smallint); nothing was saved."""


@dataclass(frozen=True, slots=True)
class CountedSize:
    """A size with the number of its SKUs."""

    product_size_id: int
    product_size_name: str
    version: int
    sku_count: int


async def list_counted_sizes(pool: Pool) -> list[CountedSize]:
    """Return all sizes with their counts, in the order they came."""
    return await fetch_rows(pool, CountedSize, LIST_COUNTED_SIZES)


async def create_size(connection: Connection, name: str) -> int:
    """Create a size and return its id.

    Args:
        connection: in a transaction, which after an error can only be rolled back.
        name: a name that `name_problem` has nothing against.

    Raises:
        DuplicateSizeError: a size of the same name exists.
        NoMoreSizesError: there is no number left for it.
    """
    try:
        rows = await fetch(connection, INSERT_SIZE, product_size_name=name)
    except asyncpg.SequenceGeneratorLimitExceededError as error:
        raise NoMoreSizesError from error
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "product_size_name_key":
            raise
        raise DuplicateSizeError from error
    if not rows:
        raise DuplicateSizeError
    return int(rows[0]["product_size_id"])


async def get_size_named(pool: Pool, name: str) -> Size | None:
    """Return the size that has a name, however it is written; None if none has."""
    return await fetch_row(pool, Size, GET_SIZE_NAMED, product_size_name=name)
