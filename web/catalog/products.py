"""Products: looking them up, and creating one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from web.catalog.searches import SEARCH_COUNT_LIMIT
from web.database.concurrently import concurrently
from web.database.keyset import Order, Page, Position, fetch_page
from web.database.pool import Connection, Pool, fetch, fetch_count, fetch_row, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("products")
LIST_PRODUCTS = _QUERIES["list_products"]
GET_PRODUCT = _QUERIES["get_product"]
PRODUCT_AND_OTHERS = _QUERIES["product_and_others"]
COUNT_PRODUCTS = _QUERIES["count_products"]
FIND_PRODUCTS = _QUERIES["find_products"]
INSERT_PRODUCT = _QUERIES["insert_product"]
PRODUCT_BLOCKS = _QUERIES["csv_blocks"]
BATCH_BLOCKS = _QUERIES["batch_blocks"]
# What a search finds is sorted up to so many (7 ms); of more, the list is walked in its order
# until a page is full. If they are spread evenly that takes few rows. If all are at its far end,
# it takes the whole list: 20 to 110 ms among 100,000 products.
FOUND_SORTED: Final = 5000
# A product whose line in a batch would be longer than this comes a SKU at a time.
BATCH_BLOCK_BYTES: Final = 64 * 1024

PRODUCT_SORTS = {
    "name": Order("product", ("product_name_folded", "product_id"), str),
    "newest": Order("product", ("created_at", "product_id"), datetime, descending=True),
    "changed": Order("product", ("changed_at", "product_id"), datetime, descending=True),
    "skus": Order("product_count", ("sku_count", "product_id"), int, descending=True),
}


class BrandGoneError(Exception):
    """There is no such brand (any more); nothing was saved."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its brand and the number of its SKUs."""

    product_id: int
    product_name: str
    product_name_folded: str
    brand_id: int
    brand_name: str
    created_at: datetime
    changed_at: datetime
    version: int
    sku_count: int


async def list_products(
    pool: Pool,
    order: Order,
    position: Position,
    *,
    size: int,
    brand_id: int | None = None,
) -> Page[Product]:
    """Return a page of the products, of all or of one brand's."""
    return await fetch_page(
        pool, Product, LIST_PRODUCTS, order, position, size=size, brand_id=brand_id
    )


async def list_and_count_products(
    pool: Pool,
    order: Order,
    position: Position,
    *,
    size: int,
    q: str | None = None,
    brand_id: int | None = None,
) -> tuple[Page[Product], int]:
    """Return a page of the products, or of those whose name contains `q`, and how many there are.

    Of a search at most `SEARCH_COUNT_LIMIT`. One look serves both, since a text without a trigram
    is looked for in every name; and of what it finds it depends which way to the page is shorter,
    which the planner could only guess.
    """
    if q is None:
        return await concurrently(
            list_products(pool, order, position, size=size, brand_id=brand_id),
            count_products(pool, brand_id=brand_id),
        )
    found = await _find_products(pool, q, brand_id, most=FOUND_SORTED + 1)
    if not found:
        return Page([], None, None), 0
    filters = {"q": q} if len(found) > FOUND_SORTED else {"found_ids": found}
    page = await fetch_page(
        pool, Product, LIST_PRODUCTS, order, position, size=size, brand_id=brand_id, **filters
    )
    return page, min(len(found), SEARCH_COUNT_LIMIT)


async def count_products(pool: Pool, *, q: str | None = None, brand_id: int | None = None) -> int:
    """Return how many products there are; of a search at most `SEARCH_COUNT_LIMIT`."""
    if q is None:
        return await fetch_count(pool, COUNT_PRODUCTS, brand_id=brand_id)
    return len(await _find_products(pool, q, brand_id, most=SEARCH_COUNT_LIMIT))


async def _find_products(pool: Pool, q: str, brand_id: int | None, *, most: int) -> list[int]:
    """Return the ids of products whose name contains `q`, at most so many and in no order."""
    (found,) = await fetch_rows(pool, list, FIND_PRODUCTS, q=q, brand_id=brand_id, most=most)
    return found


async def get_product(pool: Pool, product_id: int | None) -> Product | None:
    """Return one product, or None if nobody has the id or none is given."""
    if product_id is None:
        return None
    return await fetch_row(pool, Product, GET_PRODUCT, product_id=product_id)


async def product_and_others(
    pool: Pool, product_id: int, *, most: int
) -> tuple[Product | None, list[Product]]:
    """Return one product, None if nobody has the id, and up to `most` others of its brand."""
    found = await fetch_rows(pool, Product, PRODUCT_AND_OTHERS, product_id=product_id, most=most)
    return (found[0], found[1:]) if found else (None, [])


async def create_product(connection: Connection, product_name: str, brand_id: int) -> int:
    """Create a product without SKUs and return its id.

    Args:
        connection: in a transaction, which after an error can only be rolled back.
        product_name: a name that `name_problem` has nothing against.
        brand_id: whose product it is.

    Raises:
        BrandGoneError: nobody has the brand's id.
    """
    try:
        rows = await fetch(connection, INSERT_PRODUCT, product_name=product_name, brand_id=brand_id)
    except asyncpg.ForeignKeyViolationError as error:
        raise BrandGoneError(brand_id) from error
    return int(rows[0]["product_id"])
