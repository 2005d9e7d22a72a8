"""Lookups of many products, in three ways: what each way costs is what `run.py lookups` shows."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import cycle, islice

from web.catalog.products import BATCH_BLOCK_BYTES, BATCH_BLOCKS
from web.database.cursors import Turns, read_blocks
from web.database.pool import Pool, fetch
from web.database.queries import load_queries

_QUERIES = load_queries("lookups")
DRAW_PRODUCT_IDS = _QUERIES["draw_product_ids"]
LOOK_UP_PRODUCT = _QUERIES["look_up_product"]


@dataclass(frozen=True, slots=True)
class Found:
    """How many products some lookups found, and how many SKUs with them."""

    products: int = 0
    skus: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(self.products + other.products, self.skus + other.skus)


async def draw_product_ids(pool: Pool, count: int, *, seed: int) -> list[int]:
    """Return `count` ids of products at random, the same for the same seed; none if there are none.

    No id comes twice before all have come once.
    """
    async with pool.acquire() as connection:
        rows = await fetch(connection, DRAW_PRODUCT_IDS, most=count, seed=seed)
    return list(islice(cycle([row[0] for row in rows]), count))


async def look_up_one_by_one(pool: Pool, product_ids: Iterable[int]) -> Found:
    """Look each product up with a query of its own, one after another."""
    found = Found()
    for product_id in product_ids:
        found += await _look_up(pool, product_id)
    return found


async def look_up_gathered(pool: Pool, product_ids: Iterable[int], *, width: int) -> Found:
    """Look each product up with a query of its own, `width` of them at any time."""
    # One iterator for all: each takes the next id when it is done with one.
    waiting = iter(product_ids)
    return sum(
        await asyncio.gather(*(look_up_one_by_one(pool, waiting) for _ in range(width))), Found()
    )


async def look_up_as_batch(pool: Pool, product_ids: Sequence[int], turns: Turns) -> Found:
    """Look all products up as a batch does, and count in its lines of JSON."""
    found = Found()
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        aclosing(
            read_blocks(
                connection,
                BATCH_BLOCKS,
                turns,
                product_ids=product_ids,
                block_bytes=BATCH_BLOCK_BYTES,
            )
        ) as pieces,
    ):
        async for piece in pieces:
            # No name can look like these: quotes in a name are escaped.
            found += Found(piece.data.count(b'"skus":['), piece.data.count(b'{"sku_id":'))
    return found


async def _look_up(pool: Pool, product_id: int) -> Found:
    async with pool.acquire() as connection:
        rows = await fetch(connection, LOOK_UP_PRODUCT, product_id=product_id)
    return Found(min(len(rows), 1), sum(row["sku_id"] is not None for row in rows))
