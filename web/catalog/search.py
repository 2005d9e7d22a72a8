"""The one search: brands and products by name or number, SKUs by number.

The rows are those of the lists, and names are found as the lists find them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Generic, TypeVar

from web.catalog.brands import BRAND_SORTS, Brand, count_brands, list_brands
from web.catalog.products import PRODUCT_SORTS, Product, count_products, list_and_count_products
from web.catalog.searches import SEARCH_COUNT_EXACT
from web.catalog.skus import Sku
from web.database.concurrently import concurrently
from web.database.keyset import Position
from web.database.pool import Pool, fetch_rows
from web.database.queries import load_queries

_QUERIES = load_queries("search")
EXACT_BRANDS = _QUERIES["exact_brands"]
EXACT_PRODUCTS = _QUERIES["exact_products"]
SKUS_BY_ID = _QUERIES["skus_by_id"]

MOST_FOUND: Final = 10
# No id is less than 1.
_NO_ID: Final = 0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What a search found of one noun.

    `exact` has the number or the whole name that was searched, the number first; `others`
    contain it in their names. `count` is how many have it in their names, those of `exact`
    included: at most `SEARCH_COUNT_LIMIT`.
    """

    exact: list[T]
    others: list[T]
    count: int

    @property
    def rows(self) -> list[T]:
        """All that is shown, the exact ones first."""
        return [*self.exact, *self.others][:MOST_FOUND]

    @property
    def has_more(self) -> bool:
        """Whether more have it in their names than are shown."""
        return max(self.count, len(self.exact) + len(self.others)) > MOST_FOUND

    @property
    def is_counted(self) -> bool:
        """Whether `count` is exact; else they are more than `SEARCH_COUNT_EXACT`."""
        return self.count <= SEARCH_COUNT_EXACT


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found."""

    brands: Found[Brand]
    products: Found[Product]
    skus: list[Sku]

    @property
    def count(self) -> int:
        """How many rows there are to show."""
        return len(self.brands.rows) + len(self.products.rows) + len(self.skus)


async def search(pool: Pool, q: str, number: int | None) -> Findings:
    """Find what `q` is the name of, a part of the name, or (as `number`) the id."""
    brands, exact_brands, products, exact_products, skus = await concurrently(
        _brands_named(pool, q),
        fetch_rows(pool, Brand, EXACT_BRANDS, id=number or _NO_ID, q=q),
        _products_named(pool, q),
        fetch_rows(pool, Product, EXACT_PRODUCTS, id=number or _NO_ID, q=q),
        _skus_of(pool, number),
    )
    return Findings(
        _merged(exact_brands, *brands, key=attrgetter("brand_id")),
        _merged(exact_products, *products, key=attrgetter("product_id")),
        skus,
    )


async def names_like(pool: Pool, q: str | None) -> tuple[int, int]:
    """Return how many brands and products have `q` in their names: `SEARCH_COUNT_LIMIT` each."""
    if q is None:
        return 0, 0
    return await concurrently(count_brands(pool, q=q), count_products(pool, q=q))


async def _brands_named(pool: Pool, q: str) -> tuple[list[Brand], int]:
    # Few searches find more than fit: only then is counted, with a query of its own.
    page = await list_brands(pool, BRAND_SORTS["name"], Position(), size=MOST_FOUND, q=q)
    count = await count_brands(pool, q=q) if page.next else len(page.rows)
    return page.rows, count


async def _products_named(pool: Pool, q: str) -> tuple[list[Product], int]:
    page, count = await list_and_count_products(
        pool, PRODUCT_SORTS["name"], Position(), size=MOST_FOUND, q=q
    )
    return page.rows, count


async def _skus_of(pool: Pool, number: int | None) -> list[Sku]:
    if number is None:
        return []
    return await fetch_rows(pool, Sku, SKUS_BY_ID, id=number)


def _merged(exact: list[T], named: list[T], count: int, *, key: Callable[[T], int]) -> Found[T]:
    # By id: a number can be a name as well, and between two queries the counts may change.
    first: dict[int, T] = {}
    for row in exact:
        first.setdefault(key(row), row)
    return Found(list(first.values()), [row for row in named if key(row) not in first], count)
