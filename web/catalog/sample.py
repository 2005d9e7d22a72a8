"""The sample catalog: random data to look at, to try on, and to measure with.

The same sizes and seed give the same catalog. It is loaded with COPY, in one
transaction, so that a catalog is never half there.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Final

from web.database.pool import Connection, execute, fetch
from web.database.queries import load_queries

_QUERIES = load_queries("sample")
LOCK_CATALOG = _QUERIES["lock_catalog"]
GET_LAST_IDS = _QUERIES["get_last_ids"]
LIST_TAKEN_NAMES = _QUERIES["list_taken_names"]
LIST_VARIANT_IDS = _QUERIES["list_variant_ids"]
SET_SEQUENCES = _QUERIES["set_sequences"]
VACUUM_CATALOG = _QUERIES["vacuum_catalog"]
_CHANGES = load_queries("changes")
BEGIN_BULK_LOAD = _CHANGES["begin_bulk_load"]
RECORD_BULK_LOAD = _CHANGES["record_bulk_load"]

_WORDS_FILE: Final = Path(__file__).with_name("common_words.txt")
_WORDS_OF_A_PRODUCT: Final = 10
# How many rows pass between two calls of `advance`.
_STEP: Final = 1000

Advance = Callable[[int], None]
Row = tuple[object, ...]


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


async def load_sample(
    connection: Connection,
    size: SampleSize,
    *,
    seed: int,
    append: bool = False,
    advance: Advance = lambda _rows: None,
) -> None:
    """Load a sample catalog into the transaction that `connection` is in.

    Args:
        connection: in a transaction.
        size: how many rows.
        seed: which of the many possible catalogs.
        append: add to what is there instead of refusing.
        advance: called with the number of rows that have gone by since the last call.

    Raises:
        CatalogNotEmptyError: there is something, and `append` is false.
    """
    await execute(connection, LOCK_CATALOG)
    last = (await fetch(connection, GET_LAST_IDS))[0]
    if not append and any(last):
        raise CatalogNotEmptyError
    variants = (await fetch(connection, LIST_VARIANT_IDS))[0]
    taken = {row[0] for row in await fetch(connection, LIST_TAKEN_NAMES)}
    await execute(connection, BEGIN_BULK_LOAD)

    draw = random.Random(seed)  # noqa: S311  # sample data, not secrets
    brand_ids = range(last["brand_id"] + 1, last["brand_id"] + 1 + size.brands)
    product_ids = range(last["product_id"] + 1, last["product_id"] + 1 + size.products)
    sku_ids = range(last["sku_id"] + 1, last["sku_id"] + 1 + size.skus)
    tables = [
        ("brand", ("brand_id", "brand_name"), _brands(draw, brand_ids, taken)),
        (
            "product",
            ("product_id", "product_name", "brand_id"),
            _products(draw, product_ids, brand_ids),
        ),
        (
            "sku",
            ("sku_id", "product_id", "product_size_id", "product_color_id"),
            _skus(
                draw,
                sku_ids,
                product_ids,
                sorted(variants["size_ids"]),
                sorted(variants["color_ids"]),
            ),
        ),
    ]
    for table, columns, rows in tables:
        await connection.copy_records_to_table(
            table, columns=columns, records=_counted(rows, advance)
        )
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


def brand_names(draw: random.Random, taken: set[str]) -> Iterator[str]:
    """Yield brand names that nobody has: a random word each, two when words run out.

    Raises:
        ValueError: there are no more; some million names are possible.
    """
    words = draw.sample(_words(), len(_words()))
    for name in (*words, *map(" ".join, permutations(words, 2))):
        if name not in taken:
            yield name.title()
    raise ValueError("there are no more names of two words")


@cache
def _words() -> tuple[str, ...]:
    return tuple(_WORDS_FILE.read_text(encoding="utf-8").split())


def _brands(draw: random.Random, brand_ids: Sequence[int], taken: set[str]) -> Iterator[Row]:
    yield from zip(brand_ids, brand_names(draw, taken), strict=False)


def _products(
    draw: random.Random, product_ids: Iterable[int], brand_ids: Sequence[int]
) -> Iterator[Row]:
    for product_id in product_ids:
        name = " ".join(draw.choices(_words(), k=_WORDS_OF_A_PRODUCT))
        yield product_id, name.capitalize(), draw.choice(brand_ids)


def _skus(
    draw: random.Random,
    sku_ids: Iterable[int],
    product_ids: Sequence[int],
    size_ids: Sequence[int],
    color_ids: Sequence[int],
) -> Iterator[Row]:
    for sku_id in sku_ids:
        yield sku_id, draw.choice(product_ids), draw.choice(size_ids), draw.choice(color_ids)


def _counted(rows: Iterable[Row], advance: Advance) -> Iterator[Row]:
    passed = 0
    for row in rows:
        yield row
        passed += 1
        if passed == _STEP:
            advance(passed)
            passed = 0
    advance(passed)
