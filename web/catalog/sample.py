"""The sample catalog: random data to look at, to try on, and to measure with.

The same sizes and seed give the same catalog. It is loaded with COPY, in one
transaction, so that a catalog is never half there.

A sample of at least as many rows as the catalog has, an empty one above all, is loaded
without indexes, foreign keys and counting triggers; they are put back and the counts
made behind the rows, and whoever reads waits for that. A smaller one is added under
the readers' eyes, each row checked and counted as it comes.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import asyncpg

from web.catalog.sample_rows import brand_lines, product_lines, sku_lines
from web.database.bulk_load import put_together, take_apart
from web.database.pool import Connection, execute, fetch
from web.database.queries import load_queries

_QUERIES = load_queries("sample")
LOCK_CATALOG = _QUERIES["lock_catalog"]
GET_EXTENT = _QUERIES["get_extent"]
LIST_TAKEN_NAMES = _QUERIES["list_taken_names"]
LIST_VARIANT_IDS = _QUERIES["list_variant_ids"]
GIVE_COUNTING_MEMORY = _QUERIES["give_counting_memory"]
SET_SEQUENCES = _QUERIES["set_sequences"]
VACUUM_CATALOG = _QUERIES["vacuum_catalog"]
_CHANGES = load_queries("changes")
BEGIN_BULK_LOAD = _CHANGES["begin_bulk_load"]
RECORD_BULK_LOAD = _CHANGES["record_bulk_load"]

# The tables of counts that get rows of their own for a sample, and what fills them; those further
# down rest on those further up.
_COUNTS: Final = {
    "product_variant_count": _QUERIES["count_variants_of_products"],
    "product_count": _QUERIES["count_products"],
    "brand_variant_count": _QUERIES["count_variants_of_brands"],
    "brand_count": _QUERIES["count_brands"],
}
# The sample is added to counts that are there, by the counts of its brands.
COUNT_VARIANTS = _QUERIES["count_variants"]
# What triggers do a statement at a time and is done here for the whole sample: the first three
# by the queries above, the others by RECORD_BULK_LOAD.
_TRIGGER_FUNCTIONS: Final = (
    "count_brands",
    "count_products",
    "count_skus",
    "record_inserted",
)
# How many rows go to PostgreSQL at once, and pass between two calls of `advance`.
_STEP: Final = 1000

# What is being done, how much of it has been, and of how much.
Advance = Callable[[str, int, int], None]


class CatalogNotEmptyError(Exception):
    """There is something in the catalog, and the sample was not to be appended."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many rows a sample has; `products` need a brand, `skus` a product."""

    brands: int = 100
    products: int = 1_000
    skus: int = 100_000

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return self.brands + self.products + self.skus


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table, as COPY takes them."""

    phase: str
    table: str
    columns: tuple[str, ...]
    lines: Iterator[str]
    count: int


async def load_sample(
    connection: Connection,
    size: SampleSize,
    *,
    seed: int,
    append: bool = False,
    advance: Advance = lambda _phase, _done, _of: None,
) -> None:
    """Load a sample catalog into the transaction that `connection` is in.

    Args:
        connection: in a transaction.
        size: how many rows.
        seed: which of the many possible catalogs.
        append: add to what is there instead of refusing.
        advance: called with a phase (brands, products, SKUs, counts, indexes), how much of
            it is done, and of how much.

    Raises:
        CatalogNotEmptyError: there is something, and `append` is false.
    """
    await execute(connection, LOCK_CATALOG)
    there = (await fetch(connection, GET_EXTENT))[0]
    if not append and any(there):
        raise CatalogNotEmptyError
    sample = await _sample(connection, there, size, seed)
    await execute(connection, BEGIN_BULK_LOAD)
    if size.rows >= there["row_count"]:
        parts = await take_apart(
            connection, ("brand", "product", "sku", *_COUNTS), _TRIGGER_FUNCTIONS
        )
        await _copy(connection, sample, advance)
        await _count(connection, there, advance)
        await put_together(connection, parts, lambda done, of: advance("indexes", done, of))
    else:
        await _copy(connection, sample, advance)
    await execute(connection, SET_SEQUENCES)
    await execute(
        connection,
        RECORD_BULK_LOAD,
        brands=size.brands,
        products=size.products,
        skus=size.skus,
    )


async def vacuum_catalog(connection: Connection) -> None:
    """Make a large load known to the planner; outside of a transaction."""
    await execute(connection, VACUUM_CATALOG)


async def _sample(
    connection: Connection, there: asyncpg.Record, size: SampleSize, seed: int
) -> list[_Rows]:
    """Return the rows of a sample that comes behind what is there, to be drawn in this order."""
    variants = (await fetch(connection, LIST_VARIANT_IDS))[0]
    taken = {row[0] for row in await fetch(connection, LIST_TAKEN_NAMES)}
    draw = random.Random(seed)  # noqa: S311  # sample data, not secrets # nosec B311
    brands = _ids_behind(there["brand_id"], size.brands)
    products = _ids_behind(there["product_id"], size.products)
    skus = _ids_behind(there["sku_id"], size.skus)
    return [
        _Rows(
            "brands",
            "brand",
            ("brand_id", "brand_name"),
            brand_lines(draw, brands, taken),
            size.brands,
        ),
        _Rows(
            "products",
            "product",
            ("product_id", "product_name", "brand_id"),
            product_lines(draw, products, brands),
            size.products,
        ),
        _Rows(
            "SKUs",
            "sku",
            ("sku_id", "product_id", "product_size_id", "product_color_id"),
            sku_lines(
                draw, skus, products, sorted(variants["size_ids"]), sorted(variants["color_ids"])
            ),
            size.skus,
        ),
    ]


def _ids_behind(last_id: int, count: int) -> range:
    return range(last_id + 1, last_id + 1 + count)


async def _copy(connection: Connection, sample: list[_Rows], advance: Advance) -> None:
    for rows in sample:
        await connection.copy_to_table(
            rows.table, columns=rows.columns, source=_blocks(rows, advance)
        )


async def _blocks(rows: _Rows, advance: Advance) -> AsyncIterator[bytes]:
    for done in range(0, rows.count, _STEP):
        advance(rows.phase, done, rows.count)
        yield "".join(islice(rows.lines, _STEP)).encode()
        # While PostgreSQL is the faster side, nothing else lets Ctrl-C and its errors in.
        await asyncio.sleep(0)
    advance(rows.phase, rows.count, rows.count)


async def _count(connection: Connection, there: asyncpg.Record, advance: Advance) -> None:
    """Count what is behind the last ids that were there: a sample stays among itself."""
    await execute(connection, GIVE_COUNTING_MEMORY)
    last = {"brand_id": there["brand_id"], "product_id": there["product_id"]}
    queries = (*_COUNTS.values(), COUNT_VARIANTS)
    for done, query in enumerate(queries):
        advance("counts", done, len(queries))
        await execute(connection, query, **last)
    advance("counts", len(queries), len(queries))
